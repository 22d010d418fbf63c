import type { SecretReader } from '../../../functions/aws/secrets.ts';
import type { Purger } from './connect.ts';

/** @returns a reader of the purger's secrets */
export async function openSecrets({ clients }: Purger): Promise<SecretReader> {
  const { createSecretReader } = await import('../../../functions/aws/secrets.ts');
  return createSecretReader(await clients.secretsManager(), Date.now);
}
