import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ConfigError, purgerSubject } from '../settings/checks/check.ts';
import {
  isSecretValue,
  nameInsteadOfValue,
  type SecretSettings,
} from '../settings/sources/secret-settings.ts';
import { otherRegionOf } from './other-region.ts';

/** @returns the secret that a configuration file names */
export function importSecret(scope: Construct, id: string, settings: SecretSettings): ISecret {
  const { name, keyArn } = typeof settings === 'string' ? { name: settings } : settings;
  const secret = name.startsWith('arn:')
    ? Secret.fromSecretCompleteArn(scope, id, name)
    : Secret.fromSecretNameV2(scope, id, name);
  if (keyArn === undefined) return secret;
  // CDK takes a key only with an ARN, of which a name gives a part.
  return Object.assign(secret, { encryptionKey: Key.fromKeyArn(scope, `${id}Key`, keyArn) });
}

/**
 * @returns what a function of this scope names a secret by: the whole ARN, or the name where it is not known. By a part
 *   of an ARN, Secrets Manager may not find a secret whose name ends in a hyphen and six characters.
 * @throws ConfigError for another region's secret, for a secret in place of its name, and where only a part of the ARN is
 *   known of another account's
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
 */
export function secretIdFor(scope: Construct, secret: ISecret): string {
  const here = Stack.of(scope);
  const region = otherRegionOf(secret, scope);
  if (region !== undefined) {
    throw new ConfigError(purgerSubject, [
      `the secret ${secret.node.path}: expected one of the stack's region ${here.region}, which a function can read, got one of ${region}: replicate it`,
    ]);
  }
  if (secret.secretFullArn !== undefined) return secret.secretFullArn;
  if (Token.compareStrings(secret.env.account, here.account) === TokenComparison.DIFFERENT) {
    throw new ConfigError(purgerSubject, [
      `the secret ${secret.node.path}: expected its whole ARN, since it is in another account than the stack, got ${secret.secretArn}: use \`Secret.fromSecretCompleteArn\``,
    ]);
  }
  const name = nameOf(secret);
  if (isSecretValue(name)) {
    throw new ConfigError(purgerSubject, [
      `the secret ${secret.node.path}: expected the name of a secret, got what looks like the secret itself: ${nameInsteadOfValue}`,
    ]);
  }
  return name;
}

/**
 * Lets a grantee read a secret, and use its key for nothing else. CDK's grant leaves a key that is imported to its owner.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export function grantReadSecret(secret: ISecret, grantee: IGrantable): void {
  secret.grantRead(grantee);
  if (secret.encryptionKey === undefined) return;
  const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`;
  Grant.addToPrincipal({
    grantee,
    actions: ['kms:Decrypt'],
    resourceArns: [secret.encryptionKey.keyArn],
    conditions: { StringLike: { 'kms:EncryptionContext:SecretARN': arn } },
  });
}

/** CDK takes six characters at the end of a part of an ARN for those that AWS adds, and leaves them out of the name. */
function nameOf({ secretArn, secretName }: ISecret): string {
  const [, name = secretName] = Token.isUnresolved(secretArn) ? [] : secretArn.split(':secret:');
  return name;
}
