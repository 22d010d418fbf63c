/** A CDK app with the construct as the design has it; its imports differ by flavour. */
const app = (parameters: string) => `
class Site extends Stack {
  constructor(${parameters}) {
    super(scope, id);
    const purger = new CdnPurger(this, 'Purger', {
      credentials: Secret.fromSecretNameV2(this, 'CdnPro', 'cdn-pro/api'),
      target: 'production',
      rules: [
        { match: { source: 's3', key: 'site/{+path}' },
          purge: { fileUrls: ['https://www.example.com/{+path}'] }, pages: { index: 'index.html' } },
        { match: { source: 'contentful', type: 'blogPost' },
          purge: { fileUrls: ['https://www.example.com/blog/{slug}'], dirUrls: ['https://www.example.com/blog/*'] } },
      ],
      rateLimit: { requests: 300, perSeconds: 300, headroom: 0.1 },
    });
    purger.watchBucket(new Bucket(this, 'Bucket'), { prefix: 'site/' });
    purger.receiveWebhook(Webhook.contentful({ secret: Secret.fromSecretNameV2(this, 'Contentful', 'x') }));
  }
}
const app = new App({ outdir: process.argv[2] ?? 'cdk.out', analyticsReporting: false });
new Site(app, 'Site');
app.synth();
`;

const imports = `
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
`;
const typed = `${imports}
import type { Construct } from 'constructs';
import { CdnPurger, type CdnPurgerProps, Webhook } from 'cdn-pro-purger';
// @ts-expect-error: the types know the targets there are
export const wrong: CdnPurgerProps['target'] = 'prod';
${app('scope: Construct, id: string')}`;
const required = `
const { App, Stack } = require('aws-cdk-lib');
const { Bucket } = require('aws-cdk-lib/aws-s3');
const { Secret } = require('aws-cdk-lib/aws-secretsmanager');
const { CdnPurger, Webhook } = require('cdn-pro-purger');
`;

/** The app in each of the ways that a CDK app can be written: `file` is written, `script` is run. */
export const flavours = [
  { name: 'TypeScript with ES modules', file: 'typed.mts', script: 'typed.mjs', source: typed },
  { name: 'TypeScript with CommonJS', file: 'typed.cts', script: 'typed.cjs', source: typed },
  {
    name: 'JavaScript with ES modules',
    file: 'plain.mjs',
    script: 'plain.mjs',
    source: `${imports}import { CdnPurger, Webhook } from 'cdn-pro-purger';${app('scope, id')}`,
  },
  {
    name: 'JavaScript with CommonJS',
    file: 'plain.cjs',
    script: 'plain.cjs',
    source: required + app('scope, id'),
  },
] as const;

/** @returns the same app on the library's source in this folder */
export function appOnSource(infra: string): string {
  return `${imports}
import { CdnPurger } from '${infra}/cdn-purger.ts';
import { Webhook } from '${infra}/webhook.ts';
${app('scope, id')}`;
}
