import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from 'aws-cdk-lib';
import { checkConfig, PurgerStack } from './purger-stack.ts';

/** `--context config=FILE` deploys another configuration than `infra/config.ts`. */
const app = new App();
const file: unknown = app.node.tryGetContext('config');
const url =
  typeof file === 'string' ? pathToFileURL(resolve(file)).href : new URL('config.ts', import.meta.url).href;
const { default: exported } = (await import(url)) as { default?: unknown };
const config = checkConfig(exported);

new PurgerStack(app, config.stackName ?? 'CdnProPurger', {
  config,
  description: 'Purges the CDN Pro cache when an S3 object changes or an editor publishes.',
  env: {
    ...(process.env.CDK_DEFAULT_ACCOUNT ? { account: process.env.CDK_DEFAULT_ACCOUNT } : {}),
    ...(process.env.CDK_DEFAULT_REGION ? { region: process.env.CDK_DEFAULT_REGION } : {}),
  },
});
