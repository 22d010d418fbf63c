import { environment } from '../../functions/lambda/environment.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { LocalAws } from '../aws/start-aws.ts';
import { type Contract, contractEnvironment } from './contract.ts';
import { firstObjects, watchedObjects } from './s3-source.ts';
import { localCredentials, localWebhookSecrets } from './secrets.ts';
import { sharedTableName } from './shared-ledger.ts';

/** What `--ready` writes: the contract with programs that drive the local stack. */
export interface Ready {
  readonly s3: { readonly endpoint: string; readonly bucket: string | undefined };
  readonly webhooks: Readonly<Record<string, string>>;
  readonly webhookSecrets: Readonly<Record<string, string>>;
  readonly cdnPro: string;
  readonly edge: string;
  readonly sqs: {
    readonly endpoint: string;
    readonly bufferQueueUrl: string;
    readonly deadLetterQueueUrl: string;
  };
  readonly dynamodb: {
    readonly endpoint: string;
    readonly table: string;
    readonly parkedTable: string;
    readonly journalTable: string;
  };
  /** What `cdn-purger --ready` works with: the purger's parameter, and where its services are. */
  readonly operation: {
    readonly region: string;
    readonly endpoints: Readonly<
      Record<'sqs' | 'dynamodb' | 'secretsManager' | 'lambda' | 'eventBridge' | 's3' | 'logs', string>
    >;
    readonly purger: unknown;
  };
}

/** @returns where everything of a running stack listens; `cdnPro` and `edge` are URLs */
export function readyOf(
  config: PurgerConfig,
  aws: LocalAws,
  {
    cdnPro,
    edge,
    edges,
    contract,
  }: {
    readonly cdnPro: string;
    readonly edge: string;
    readonly edges: readonly string[];
    readonly contract: Contract | undefined;
  },
): Ready {
  const { webhooks = [] } = config;
  const { BufferQueueUrl = '', DeadLetterQueueUrl = '', WebhookUrl = '' } = aws.outputs;
  const { LedgerTableName = '', ParkedTableName = '', JournalTableName = '' } = aws.outputs;
  return {
    s3: { endpoint: aws.s3.endpoint, bucket: firstObjects(config)?.bucket },
    webhooks: Object.fromEntries(webhooks.map(({ source, name = source }) => [name, `${WebhookUrl}${name}`])),
    webhookSecrets: localWebhookSecrets(config),
    cdnPro,
    edge,
    sqs: {
      endpoint: aws.sqs.endpoint,
      bufferQueueUrl: BufferQueueUrl,
      deadLetterQueueUrl: DeadLetterQueueUrl,
    },
    dynamodb: {
      endpoint: aws.dynamodb.endpoint,
      table: sharedTableName(config) ?? LedgerTableName,
      parkedTable: ParkedTableName,
      journalTable: JournalTableName,
    },
    operation: {
      region: aws.region,
      endpoints: {
        sqs: aws.sqs.endpoint,
        dynamodb: aws.dynamodb.endpoint,
        secretsManager: aws.secretsManager.endpoint,
        lambda: aws.control.endpoint,
        eventBridge: aws.control.endpoint,
        s3: aws.s3.endpoint,
        logs: aws.control.endpoint,
      },
      purger: purgerOf(config, aws, { endpoint: cdnPro, vantages: edges }, contract),
    },
  };
}

/** The purger's own parameter, with what is another one here. */
function purgerOf(
  config: PurgerConfig,
  { parameters }: LocalAws,
  own: { readonly endpoint: string; readonly vantages: readonly string[] },
  contract: Contract | undefined,
): object {
  const [value = '{}'] = Object.values(parameters);
  const purger = JSON.parse(value) as { readonly tables?: object };
  const ledger = sharedTableName(config);
  const limits = contractEnvironment(config, contract)[environment.limits];
  return {
    ...purger,
    ...own,
    ...(ledger !== undefined && { tables: { ...purger.tables, ledger } }),
    ...(limits !== undefined && { limits: JSON.parse(limits) }),
  };
}

/** @returns the same for a person */
export function summaryOf(
  config: PurgerConfig,
  { s3, webhooks, cdnPro, edge }: Ready,
  isSimulated: boolean,
  page: string,
): string {
  const buckets = new Set(watchedObjects(config).map(({ bucket }) => `${s3.endpoint}/${bucket}`));
  const { username, apiKey } = localCredentials;
  const rows = [
    ...[...(buckets.size === 0 ? [s3.endpoint] : buckets)].map((url) => ['S3', url]),
    ...Object.entries(webhooks).map(([name, url]) => [`Webhook ${name}`, url]),
    isSimulated
      ? ['CDN Pro simulator', cdnPro]
      : ['CDN Pro API', `${cdnPro} (user "${username}", API key "${apiKey}")`],
    ['Edge', edge],
    ['Page', page],
  ] as const;
  const width = Math.max(...rows.map(([name]) => (name ?? '').length));
  return ['The stack runs:', ...rows.map(([name = '', url]) => `  ${name.padEnd(width)}  ${url}`)].join('\n');
}
