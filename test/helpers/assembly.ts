import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { checkStages } from '../../infra/settings/stages.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { scratchFolder } from './purger-stack.ts';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };

/**
 * Synthesizes a configuration with its functions, as `infra/app.ts` does, in this process: it has loaded the CDK, and
 * bundles each function once.
 * @returns the folder of the assembly, which goes when the tests end
 */
export function assemblyOf(config: unknown): string {
  const app = new App({ outdir: scratchFolder(), context, builtinCloudFormationValidation: false });
  for (const stage of checkStages(config)) new PurgerStack(app, stage.config.stackName, stage);
  return app.synth().directory;
}
