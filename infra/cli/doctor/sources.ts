import { webhookSecretsIn } from '../../../functions/aws/secrets.ts';
import type { WatchedBucket } from '../../operation/description.ts';
import { counted } from '../counted.ts';
import type { Purger } from '../purger/connect.ts';
import { openSecrets } from '../purger/secrets.ts';
import { type Check, failed, look, ok } from './check.ts';

/** How long an URL may take to answer, in milliseconds. */
const timeoutMs = 10_000;

/** @returns whether each webhook has a secret, and their API answers */
export async function checkWebhooks(purger: Purger): Promise<readonly Check[]> {
  const { webhooks, webhookUrl, webhooksLeftOut = 0 } = purger;
  if (webhookUrl === undefined || webhooks.length + webhooksLeftOut === 0) return [];
  const secrets = await openSecrets(purger);
  // The local stack's own secrets verify nothing elsewhere.
  const isLocal = purger.clients.cloudWatch === undefined;
  const all = webhooks.map(({ name, secrets: ids }) =>
    look(`webhook ${name}`, 'store the secret that the CMS signs with: docs/sources.md', async () => {
      const found = await Promise.all(
        ids.map(async (id) => webhookSecretsIn(id, await secrets.read(id), isLocal)),
      );
      const issues = found.flatMap((each) => each.issues);
      const count = found.reduce((sum, each) => sum + each.secrets.length, 0);
      const check = ok(`webhook ${name}`, `${counted(count, 'secret')} may verify it`);
      return [issues.length === 0 ? check : { ...check, result: 'warning', fix: issues.join('; ') }];
    }),
  );
  const others: readonly Check[] =
    webhooksLeftOut === 0
      ? []
      : [
          {
            name: 'other webhooks',
            result: 'warning',
            found: `${counted(webhooksLeftOut, 'webhook was', 'webhooks were')} not looked at: the parameter has no room for more`,
            fix: 'divide the webhooks among two purgers, or give their secrets shorter names',
          },
        ];
  const url = await checkUrl(`${webhookUrl}${webhooks[0]?.name}`);
  return [...(await Promise.all(all)).flat(), ...others, ...url];
}

/** A GET reaches the API, and no function: only POST has a route. */
async function checkUrl(url: string): Promise<readonly Check[]> {
  const name = 'webhook URL';
  return look(
    name,
    'is the DNS record of the domain there? docs/configuration.md, `webhookApi`',
    async () => {
      const { status } = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
      const found = `${url} answers (${status} to a GET)`;
      return [status < 500 ? ok(name, found) : failed(name, found, 'look at the log of the API')];
    },
  );
}

/** @returns whether each bucket sends its events; the local stack's need no configuration */
export async function checkBuckets({ clients, buckets, queues }: Purger): Promise<readonly Check[]> {
  const open = clients.s3;
  if (open === undefined || buckets.length === 0) return [];
  const { GetBucketNotificationConfigurationCommand } = await import('@aws-sdk/client-s3');
  const s3 = await open();
  const all = buckets.map((bucket) =>
    look(`bucket ${bucket.name}`, 'does it exist, and may you read its notifications?', async () => {
      const sent = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket.name }));
      const arns = (sent.QueueConfigurations ?? []).map(({ QueueArn = '' }) => QueueArn);
      return [checkBucket(bucket, sent.EventBridgeConfiguration !== undefined, arns, queues.inbox)];
    }),
  );
  return (await Promise.all(all)).flat();
}

function checkBucket(
  { name, via }: WatchedBucket,
  sendsToEventBridge: boolean,
  queueArns: readonly string[],
  inbox = '',
): Check {
  const check = `bucket ${name}`;
  const queueName = inbox.slice(inbox.lastIndexOf('/') + 1);
  const isSending =
    via === 'eventbridge' ? sendsToEventBridge : queueArns.some((arn) => arn.endsWith(`:${queueName}`));
  if (isSending) return ok(check, via === 'eventbridge' ? 'sends to EventBridge' : `notifies ${queueName}`);
  const fix =
    via === 'eventbridge'
      ? 'deploy again, or switch EventBridge on: docs/sources-s3.md#a-bucket-that-sent-no-events has the commands'
      : 'deploy again: somebody has replaced its notifications';
  return failed(
    check,
    `sends no events ${via === 'eventbridge' ? 'to EventBridge' : `to ${queueName}`}`,
    fix,
  );
}
