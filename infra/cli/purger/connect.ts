import { PurgerError } from '../../../functions/core/model/errors.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { type PurgerDescription, parameterRoot, readDescription } from '../../operation/description.ts';
import { readNamedFile } from '../read-file.ts';
import { UsageError } from '../usage-error.ts';
import { awsClients, type Clients, type LocalServices, localClients } from './clients.ts';

/** A purger that a command works on. */
export interface Purger extends PurgerDescription {
  readonly clients: Clients;
}

/** There is no purger where the options say, or several. */
export class PurgerNotFoundError extends PurgerError {
  override readonly name = 'PurgerNotFoundError';
}

/**
 * Finds the purger that `--stack` or `--ready` names.
 * @throws UsageError where it is neither or both; PurgerNotFoundError; what the AWS SDK throws
 */
export async function connect({
  stack,
  ready,
}: {
  readonly stack?: string | undefined;
  readonly ready?: string | undefined;
}): Promise<Purger> {
  if ((stack === undefined) === (ready === undefined)) {
    const got = stack === undefined ? 'neither' : 'both';
    throw new UsageError(`Expected --stack NAME or --ready FILE, got ${got}`);
  }
  if (ready !== undefined) return readReadyFile(ready);
  // As of a variable that is not set: in SSM, the folder of no stack is that of all.
  if (!/^[^/]+(\/[^/]+)?$/.test(stack ?? '')) {
    throw new UsageError(`Expected --stack to be the name of a stack, or NAME/PURGER, got "${stack}"`);
  }
  return { ...(await findPurger(stack ?? '')), clients: awsClients() };
}

function readReadyFile(file: string): Purger {
  const expected = 'the file that npm start -- --ready FILE writes';
  const { operation } = recordOf(parsed(readNamedFile('--ready', file, expected))) ?? {};
  const { purger, ...services } = recordOf(operation) ?? {};
  if (recordOf(services.endpoints) === undefined) {
    throw new UsageError(`Expected --ready to be ${expected}, but ${file} holds something else`);
  }
  const description = readDescription(purger);
  if ('problem' in description) {
    throw new UsageError(
      `Expected --ready to be ${expected}, but \`operation.purger\` of ${file} cannot be used: ${description.problem}`,
    );
  }
  return { ...description, clients: localClients(services as unknown as LocalServices) };
}

/** @param name a stack's, or `stack/purger` */
async function findPurger(name: string): Promise<PurgerDescription> {
  const [stack = '', purger] = name.split('/');
  const found = await readParameters(`${parameterRoot}/${stack}`);
  const wanted = purger === undefined ? found : found.filter((each) => each.purger === purger);
  const [only, ...others] = wanted;
  if (only === undefined) throw new PurgerNotFoundError(await describeMissing(stack, purger, found));
  if (others.length > 0) {
    const names = wanted.map((each) => `${stack}/${each.purger}`).join(' or ');
    throw new PurgerNotFoundError(`The stack ${stack} has several purgers: expected --stack ${names}`);
  }
  const description = readDescription(only.value);
  if (!('problem' in description)) return description;
  const parameter = `${parameterRoot}/${stack}/${only.purger}`;
  throw new PurgerNotFoundError(
    `Expected the parameter ${parameter} to be of this version of cdn-purger, but ${description.problem}: deploy the stack, or use the version that deployed it`,
  );
}

interface Parameter {
  readonly purger: string;
  readonly value: unknown;
}

async function readParameters(folder: string): Promise<readonly Parameter[]> {
  const { paginateGetParametersByPath, SSMClient } = await import('@aws-sdk/client-ssm');
  const found: Parameter[] = [];
  const pages = paginateGetParametersByPath({ client: new SSMClient({}) }, { Path: folder, Recursive: true });
  for await (const { Parameters = [] } of pages) {
    for (const { Name = '', Value = '' } of Parameters) {
      found.push({ purger: Name.slice(folder.length + 1), value: parsed(Value) });
    }
  }
  return found;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

async function describeMissing(
  stack: string,
  purger: string | undefined,
  found: readonly Parameter[],
): Promise<string> {
  if (purger !== undefined && found.length > 0) {
    return `The stack ${stack} has no purger ${purger}: expected ${found.map((each) => each.purger).join(' or ')}`;
  }
  const { SSMClient } = await import('@aws-sdk/client-ssm');
  const region = await new SSMClient({}).config.region();
  return (
    `Expected a purger in the stack ${stack} in ${region}, found no parameter ${parameterRoot}/${stack}/…: ` +
    'is it the right region (AWS_REGION) and account, and was the stack deployed since it has this parameter?'
  );
}
