import * as z from 'zod';
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

const secretId = z
  .string(expected('the name or ARN of a secret'))
  .regex(
    new RegExp(`${name.source}|${wholeArn.source}`),
    expected(
      'the name of a secret (letters, digits and "/_+=.@!-"), or its whole ARN with the six characters at its end',
    ),
  );
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
