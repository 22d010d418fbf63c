import type { SecretReader } from '../../../functions/aws/secrets.ts';
import type { Purger } from './connect.ts';

/** @returns a reader of the purger's secrets */
export async function openSecrets({ clients }: Purger): Promise<SecretReader> {
  const { createSecretReader } = await import('../../../functions/aws/secrets.ts');
  return createSecretReader(await clients.secretsManager(), Date.now);
}

/** @returns when the current version of a secret was stored, in milliseconds; undefined where Secrets Manager does not say */
export async function secretStoredMs({ clients }: Purger, secretId: string): Promise<number | undefined> {
  const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = await clients.secretsManager();
  const { CreatedDate } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
  return CreatedDate?.getTime();
}
