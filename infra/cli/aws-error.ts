import { PurgerError } from '../../functions/core/model/errors.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import { shellArgument } from './next.ts';

/** What the SDK says, by its name or code, and what to do about it. */
const advice: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/Region is missing/, 'set AWS_REGION'],
  [/CredentialsProvider|credentials/i, 'sign in, or set AWS_PROFILE'],
  [/ExpiredToken|UnrecognizedClient|InvalidClientToken|SignatureDoesNotMatch/, 'sign in again'],
  [
    /AccessDenied|NotAuthorized|UnauthorizedOperation/,
    'let your role use it: `grantRead` or `grantOperate` of the purger, docs/operations.md#who-may',
  ],
  [/ECONNREFUSED/, 'does the local stack still run, or is a proxy in between?'],
  [/ENOTFOUND|EAI_AGAIN/, 'is AWS_REGION a region of AWS, and does this machine reach its DNS?'],
  [
    /ResourceNotFound|NonExistentQueue|QueueDoesNotExist/,
    'it was deleted, or deployed anew: deploy the stack',
  ],
];

/** @returns what went wrong at AWS, and what to do; undefined for an error of another kind, which is a bug */
export function describeAwsError(error: unknown): string | undefined {
  const { $metadata, code } = recordOf(error) ?? {};
  if (!(error instanceof Error)) return undefined;
  const words = [error.name, code, error.message].filter((word) => typeof word === 'string').join(' ');
  const known = advice.find(([pattern]) => pattern.test(words));
  if (known === undefined && $metadata === undefined) return undefined;
  const message = error.message === '' ? String(code) : error.message;
  return `AWS: ${error.name}: ${message}${known === undefined ? '' : `\nTo do: ${known[1]}`}`;
}

/** @returns whether nothing listens where the request went */
export function isConnectionRefused(error: unknown): boolean {
  const { code, cause } = recordOf(error) ?? {};
  return code === 'ECONNREFUSED' || (cause !== undefined && isConnectionRefused(cause));
}

/** Nothing listens where the file of a local stack says. */
export class LocalStackStoppedError extends PurgerError {
  override readonly name = 'LocalStackStoppedError';

  /** @param readyFile as `--ready` has it */
  constructor(readyFile: string) {
    const { found, fix } = describeStopped(readyFile);
    super(`The local stack was stopped: ${found}\nTo do: ${fix}`);
  }
}

/** @returns in words that a local stack was stopped, and how to start it again */
export function describeStopped(readyFile: string): { readonly found: string; readonly fix: string } {
  return {
    found: `nothing listens any more where ${readyFile} says`,
    fix: `npm start -- --ready ${shellArgument(readyFile)}, in a clone; else npx cdn-purger dev with the same option`,
  };
}
