import type { Purger } from './connect.ts';

/** @returns the ARN of who runs the command; undefined on the local stack, and where STS does not say it */
export async function readCaller({ clients }: Pick<Purger, 'clients'>): Promise<string | undefined> {
  if (clients.sts === undefined) return undefined;
  const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  try {
    const { Arn } = await (await clients.sts()).send(new GetCallerIdentityCommand({}));
    return Arn;
  } catch {
    // A takedown does not wait for it.
    return undefined;
  }
}
