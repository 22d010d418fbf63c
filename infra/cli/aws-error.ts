import { recordOf } from '../../functions/core/model/record.ts';

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
