/**
 * AWS's public list prices in us-east-1, in US dollars, without the free tier.
 *
 * Each is that of AWS's page next to it, as known on {@link pricesAsOf}. AWS fills most amounts into its pages by script,
 * and stored copies lack them: `readAt` is where the amount itself was read. Change them here and nowhere else, then
 * run `npm run bench -- cost --write`.
 */
export const pricesAsOf = '2026-11-23';

/** A page that states an amount, and when it did where it says so. */
interface Source {
  readonly url: string;
  readonly asOf?: string;
}

/** One price and the page that has it. */
export interface Price {
  readonly usd: number;
  /** What it is paid for. */
  readonly per: string;
  readonly page: string;
  /** Where the amount was read. Missing: it is common knowledge, and no page was found to check it against. */
  readonly readAt?: Source;
}

const lambda = 'https://aws.amazon.com/lambda/pricing/';
const dynamodb = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const secretsManager = 'https://aws.amazon.com/secrets-manager/pricing/';
const cloudWatch = 'https://aws.amazon.com/cloudwatch/pricing/';
const kms = 'https://aws.amazon.com/kms/pricing/';

const factualMinds = 'https://www.factualminds.com/blog/';
const sqsGuide = {
  url: `${factualMinds}amazon-sqs-pricing-64kb-rule-fifo-vs-standard/`,
  asOf: '2026-06',
};
const lambdaGuide = {
  url: 'https://git.mcrn.ar/mariano/lambda_local_runner/src/branch/main/docs/lambdas-md/lambda-13-cost.md',
  asOf: '2026-05',
};
const cloudWatchGuide = {
  url: `${factualMinds}amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/`,
  asOf: '2026-06',
};
const dynamodbGuide = {
  url: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
  asOf: '2025-07',
};
const secretsGuide = {
  url: 'https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms',
};

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
    readAt: sqsGuide,
  },
  lambdaRequest: { usd: 0.2e-6, per: 'invocation', page: lambda, readAt: lambdaGuide },
  lambdaGbSecond: { usd: 0.0000133334, per: 'GB-second on arm64', page: lambda, readAt: lambdaGuide },
  httpApiRequest: {
    usd: 1e-6,
    per: 'request to an HTTP API, each 512 KB counting as one',
    page: 'https://aws.amazon.com/api-gateway/pricing/',
    readAt: {
      url: 'https://docs.aws.amazon.com/pt_br/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html',
    },
  },
  dynamodbWriteUnit: {
    usd: 0.625e-6,
    per: 'write request unit: 1 KB',
    page: dynamodb,
    readAt: dynamodbGuide,
  },
  dynamodbReadUnit: {
    usd: 0.125e-6,
    per: 'read request unit: 4 KB, strongly consistent',
    page: dynamodb,
    readAt: dynamodbGuide,
  },
  secretsManagerCall: { usd: 5e-6, per: 'API call', page: secretsManager, readAt: secretsGuide },
  secretMonth: { usd: 0.4, per: 'secret and month', page: secretsManager, readAt: secretsGuide },
  logGb: {
    usd: 0.5,
    per: 'GB of logs taken in, 26 bytes a line included',
    page: cloudWatch,
    readAt: cloudWatchGuide,
  },
  metricMonth: {
    usd: 0.3,
    per: 'custom metric and month, by the hours in which it is sent',
    page: cloudWatch,
    readAt: { url: 'https://signoz.io/guides/cloudwatch-pricing', asOf: '2026-02' },
  },
  alarmMonth: {
    usd: 0.1,
    per: 'metric that an alarm watches, and month',
    page: cloudWatch,
    readAt: { url: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm' },
  },
  dashboardMonth: {
    usd: 3,
    per: 'dashboard and month; an account has three free',
    page: cloudWatch,
    readAt: cloudWatchGuide,
  },
  keyMonth: {
    usd: 1,
    per: 'customer key and month; as much again for each of its first two yearly rotations',
    page: kms,
    readAt: { url: 'https://aws.amazon.com/kms/pricing/' },
  },
} as const satisfies Readonly<Record<string, Price>>;
