/**
 * AWS's public list prices in us-east-1, in US dollars, without the free tier.
 *
 * Each is that of the page named beside it, as known on {@link pricesAsOf}. Change them here and nowhere else, then run
 * `npm run bench -- cost --write`.
 */
export const pricesAsOf = '2026-11-23';

/** One price and the page that has it. */
export interface Price {
  readonly usd: number;
  /** What it is paid for. */
  readonly per: string;
  readonly page: string;
}

const lambda = 'https://aws.amazon.com/lambda/pricing/';
const dynamodb = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const secretsManager = 'https://aws.amazon.com/secrets-manager/pricing/';
const cloudWatch = 'https://aws.amazon.com/cloudwatch/pricing/';
const kms = 'https://aws.amazon.com/kms/pricing/';

export const prices = {
  eventBridgeEvent: {
    usd: 1e-6,
    per: 'opt-in data event of up to 64 KB, as those of S3',
    page: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  sqsRequest: {
    usd: 0.4e-6,
    per: 'request to a standard queue, each 64 KB of its payload counting as one',
    page: 'https://aws.amazon.com/sqs/pricing/',
  },
  lambdaRequest: { usd: 0.2e-6, per: 'invocation', page: lambda },
  lambdaGbSecond: { usd: 0.0000133334, per: 'GB-second on arm64', page: lambda },
  httpApiRequest: {
    usd: 1e-6,
    per: 'request to an HTTP API, each 512 KB counting as one',
    page: 'https://aws.amazon.com/api-gateway/pricing/',
  },
  dynamodbWriteUnit: { usd: 0.625e-6, per: 'write request unit: 1 KB', page: dynamodb },
  dynamodbReadUnit: { usd: 0.125e-6, per: 'read request unit: 4 KB, strongly consistent', page: dynamodb },
  secretsManagerCall: { usd: 5e-6, per: 'API call', page: secretsManager },
  secretMonth: { usd: 0.4, per: 'secret and month', page: secretsManager },
  logGb: { usd: 0.5, per: 'GB of logs taken in, 26 bytes a line included', page: cloudWatch },
  metricMonth: {
    usd: 0.3,
    per: 'custom metric and month, by the hours in which it is sent',
    page: cloudWatch,
  },
  alarmMonth: { usd: 0.1, per: 'metric that an alarm watches, and month', page: cloudWatch },
  dashboardMonth: { usd: 3, per: 'dashboard and month; an account has three free', page: cloudWatch },
  keyMonth: { usd: 1, per: 'customer key and month', page: kms },
} as const satisfies Readonly<Record<string, Price>>;
