import { App } from 'aws-cdk-lib';
import { PurgerError } from '../functions/core/model/errors.ts';
import { findStage, refuseMisspelledContext } from './settings/stages.ts';
import { defaultConfigFile, loadStages } from './stack/load-config.ts';
import { PurgerStack } from './stack/purger-stack.ts';

try {
  const app = new App();
  // `--context config=FILE` deploys another configuration than `infra/config.ts`, `--context stage=NAME` one stage.
  const known = ['config', 'stage'];
  refuseMisspelledContext(Object.keys(app.node.getAllContext()), known);
  const [file, stage] = known.map((name): unknown => app.node.tryGetContext(name));
  const all = await loadStages(typeof file === 'string' ? file : defaultConfigFile);
  // Without a name every stage is synthesized, and CDK lists them where it is to deploy.
  const stages = stage === undefined ? all : [findStage(all, String(stage))];
  for (const { config } of stages) {
    new PurgerStack(app, config.stackName, {
      config,
      description: 'Purges the CDN Pro cache when an S3 object changes or an editor publishes.',
    });
  }
  app.synth();
} catch (error) {
  if (!(error instanceof PurgerError)) throw error;
  // The author of a configuration needs its issues, not our stack trace.
  console.error(error.message);
  process.exitCode = 1;
}
