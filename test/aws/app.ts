import { App } from 'aws-cdk-lib';
import { AwsTestStack } from './test-stack.ts';
import type { TestStackSettings } from './test-stack-settings.ts';

/** The CDK app that `npm run test:aws` deploys. */
const app = new App();
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
const settings = JSON.parse(String(app.node.tryGetContext('test'))) as TestStackSettings;
new AwsTestStack(app, 'Test', settings, {
  env: { ...(account ? { account } : {}), ...(region ? { region } : {}) },
});
