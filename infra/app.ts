import { App } from 'aws-cdk-lib';
import { PurgerError } from '../functions/core/errors.ts';
import { defaultConfigFile, loadConfig } from './load-config.ts';
import { PurgerStack } from './purger-stack.ts';

try {
  const app = new App();
  // `--context config=FILE` deploys another configuration than `infra/config.ts`.
  const file: unknown = app.node.tryGetContext('config');
  const config = await loadConfig(typeof file === 'string' ? file : defaultConfigFile);
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  new PurgerStack(app, config.stackName ?? 'CdnProPurger', {
    config,
    description: 'Purges the CDN Pro cache when an S3 object changes or an editor publishes.',
    env: { ...(account ? { account } : {}), ...(region ? { region } : {}) },
  });
  app.synth();
} catch (error) {
  if (!(error instanceof PurgerError)) throw error;
  // A configuration's faults are for its author; the way through our code is not.
  console.error(error.message);
  process.exitCode = 1;
}
