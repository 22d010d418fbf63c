// A CDK app in TypeScript with a bucket, a CMS and alarms: npx cdk synth --app 'npx tsx site.mts'
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { addOutputs, CdnPurger, Webhook } from 'cdn-pro-purger';
import type { Construct } from 'constructs';

class Site extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const purger = new CdnPurger(this, 'Purger', {
      credentials: Secret.fromSecretNameV2(this, 'CdnPro', 'cdn-pro/api'),
      target: 'production',
      rules: [
        {
          match: { source: 's3', key: 'site/{+path}' },
          purge: { fileUrls: ['https://www.example.com/{+path}'] },
          pages: { index: 'index.html' },
        },
        {
          match: { source: 'contentful', type: 'blogPost' },
          purge: { fileUrls: ['https://www.example.com/blog/{slug}', 'https://www.example.com/blog/'] },
        },
      ],
      alarms: { email: 'on-call@example.com', runbookUrl: 'https://wiki.example.com/cdn-purger' },
    });
    purger.watchBucket(new Bucket(this, 'Bucket'), { prefix: 'site/' });
    const secret = Secret.fromSecretNameV2(this, 'Contentful', 'cdn-pro-purger/contentful');
    purger.receiveWebhook(Webhook.contentful({ secret }));
    addOutputs(this, purger);
  }
}

const app = new App({ outdir: process.argv[2] ?? 'cdk.out' });
new Site(app, 'Site');
app.synth();
