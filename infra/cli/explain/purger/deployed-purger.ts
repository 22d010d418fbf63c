import type { MappingConfig } from '../../../../functions/core/mapping/rule.ts';
import { PurgerError } from '../../../../functions/core/model/errors.ts';
import { recordOf } from '../../../../functions/core/model/record.ts';
import { mappingFile } from '../../../../functions/lambda/bundled-rules.ts';
import { environment } from '../../../../functions/lambda/environment.ts';
import { describeError } from '../../../../functions/lambda/log.ts';
import { readWebhooks } from '../../../../functions/receive-webhook/webhook-config.ts';
import type { Purger } from '../../purger/connect.ts';
import { type ExplainedPurger, type ExplainedWebhook, explainedWebhooks } from './explained-purger.ts';
import { allObjects } from './watched-objects.ts';

/** The rules of a deployed purger cannot be read. */
export class DeployedRulesError extends PurgerError {
  override readonly name = 'DeployedRulesError';
}

/** How long the code of a function may take to come, in milliseconds. */
const timeoutMs = 30_000;

/**
 * Reads the rules that run: they are a file next to the code of `submit`, which Lambda hands out.
 * @throws DeployedRulesError; what the AWS SDK throws
 */
export async function readDeployed(purger: Purger): Promise<ExplainedPurger> {
  const { functions, limits, planning, watched = allObjects } = purger;
  if (functions === undefined) {
    throw new DeployedRulesError(
      'Expected the purger to say which functions have its rules, but an older version deployed it: deploy it again, or name its configuration with --config FILE',
    );
  }
  const [mapping, webhooks] = await Promise.all([
    readMapping(functions.submit, purger),
    functions.receiveWebhook === undefined ? [] : readDeployedWebhooks(functions.receiveWebhook, purger),
  ]);
  return { mapping, limits, planning, watched, webhooks };
}

async function readMapping(name: string, purger: Purger): Promise<MappingConfig> {
  const { Code } = await readFunction(name, purger);
  const code = await download(name, Code?.Location);
  const file = await unzip(name, code);
  if (file === undefined) {
    throw new DeployedRulesError(
      `Expected the code of the function ${name} to have ${mappingFile}, got none`,
    );
  }
  return JSON.parse(file) as MappingConfig;
}

/** @returns the rules in the code of a function; undefined where there are none */
async function unzip(name: string, code: Uint8Array): Promise<string | undefined> {
  const { strFromU8, unzipSync } = await import('fflate');
  try {
    const { [mappingFile]: file } = unzipSync(code, { filter: (each) => each.name === mappingFile });
    return file && strFromU8(file);
  } catch (error) {
    throw new DeployedRulesError(
      `Expected the code of the function ${name} to be a ZIP file, got ${describeError(error).message}`,
    );
  }
}

async function readDeployedWebhooks(name: string, purger: Purger): Promise<readonly ExplainedWebhook[]> {
  const { Configuration } = await readFunction(name, purger);
  const { Variables: variables, Error: error } = Configuration?.Environment ?? {};
  const written = variables?.[environment.webhooks];
  if (written !== undefined) return explainedWebhooks(readWebhooks(written, []));
  const got = error?.Message ?? 'nothing';
  throw new DeployedRulesError(
    `Expected the function ${name} to have ${environment.webhooks} in its environment, got ${got}`,
  );
}

async function readFunction(name: string, { clients }: Purger) {
  const { GetFunctionCommand } = await import('@aws-sdk/client-lambda');
  return (await clients.lambda()).send(new GetFunctionCommand({ FunctionName: name }));
}

/** @param url where Lambda has the code for some minutes */
async function download(name: string, url = ''): Promise<Uint8Array> {
  const expected = `Expected the code of the function ${name} where Lambda says`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw new DeployedRulesError(`${expected}, got ${response.status}`);
  } catch (error) {
    if (error instanceof DeployedRulesError) throw error;
    // The URL is a signed one, which nobody else should see.
    const { cause, name: kind } = recordOf(error) ?? {};
    const { code } = recordOf(cause) ?? {};
    throw new DeployedRulesError(`${expected}, got no answer (${code ?? kind})`);
  }
}
