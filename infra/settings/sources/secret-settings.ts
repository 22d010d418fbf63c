import * as z from 'zod';
import { describeValue } from '../../../functions/core/model/errors.ts';
import { expected, strictObject } from '../checks/schema.ts';
import { keyArn } from '../ledger-settings.ts';

/** A secret under a key of yours, in a configuration file. */
export interface KeyedSecret {
  /** Its name, or its whole ARN. */
  readonly name: string;
  /** ARN of the KMS key that encrypts it. */
  readonly keyArn: string;
}

/** A secret in a configuration file: its name or whole ARN; with the key that encrypts it, where that is one of yours. */
export type SecretSettings = string | KeyedSecret;

/** @returns the name or ARN of a secret, with or without a key */
export function secretNameIn(secret: SecretSettings): string {
  return typeof secret === 'string' ? secret : secret.name;
}

/**
 * A part of an ARN is refused: of a name that ends in a hyphen and six characters, Secrets Manager finds nothing by it.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
 */
const wholeArn = /^arn:[^:]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]{1,512}-[A-Za-z0-9]{6}$/;
const name = /^(?!arn:)[\w/+=.@!-]{1,512}$/;

/** Standard Webhooks' keys, and what is plainly random: hex of 128 bits at least, or base64 with its padding. */
const secretValue = /^(?:whsec_|whsk_|whpk_|[\da-f]{32,}$|[A-Za-z\d+/]{21,}={1,2}$)/i;

/** What to do with a secret that was given in place of its name. */
export const nameInsteadOfValue = 'put it into Secrets Manager, and give its name or its whole ARN here';

/** @returns whether a string is plainly a secret itself, rather than its name */
export function isSecretValue(given: string): boolean {
  return secretValue.test(given);
}

/** What came is not shown, since it may be the secret itself: its length, and the characters that no name has. */
function describeSecretId(input: unknown): string {
  if (typeof input !== 'string' || input === '' || input.startsWith('arn:')) return describeValue(input);
  const others = [...new Set(input.replace(/[\w/+=.@!-]/g, ''))].join('');
  return `a string of ${input.length} characters${others === '' ? '' : `, ${JSON.stringify(others)} among them`}`;
}

const secretId = z
  .string(expected('the name or ARN of a secret'))
  .regex(new RegExp(`${name.source}|${wholeArn.source}`), {
    error: ({ input }) =>
      `expected the name of a secret (letters, digits and "/_+=.@!-"), or its whole ARN with the six characters at its end, got ${describeSecretId(input)}`,
  })
  .refine((given) => !isSecretValue(given), {
    error: `expected the name or ARN of a secret, got what looks like the secret itself: ${nameInsteadOfValue}`,
  });
const keyedSecret = strictObject({ name: secretId, keyArn });

/** The schema of {@link SecretSettings}. */
export const secretSettings = z.union(
  [secretId, keyedSecret],
  expected('the name or ARN of a secret, or {name, keyArn}'),
);

/** The schema of one or several {@link SecretSettings}. */
export const oneOrMoreSecrets = z.union(
  [secretId, keyedSecret, z.array(secretSettings).min(1, expected('a secret at least'))],
  expected('the name or ARN of a secret, {name, keyArn}, or a list of them'),
);
