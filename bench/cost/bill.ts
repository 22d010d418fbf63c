import { requestsInWindow } from '../../functions/core/limits/requests/window.ts';
import type { Load } from './loads.ts';
import { prices } from './prices.ts';
import type { Usage } from './usage.ts';

/** What a million changes cost, in US dollars, by part. */
export type Bill = Readonly<Record<Part, number>>;

/** The parts of a bill by use, in the order of the tables. */
export const parts = [
  'EventBridge',
  'HTTP API',
  'receiver',
  'submit',
  'submit, while it waits for the limit',
  'SQS',
  'DynamoDB',
  'Secrets Manager',
  'CloudWatch Logs',
] as const;
type Part = (typeof parts)[number];

const million = 1e6;
const { lambdaRequest, lambdaGbSecond } = prices;

/** How the local stack is configured where it matters for waiting: the defaults. */
const limit = { requests: 300, perSeconds: 300, headroom: 0.1 };
const maxFileUrls = 1000;
const consumers = 2;
const submitGb = 0.5;
/** For how long a function keeps a secret, in minutes: `functions/aws/secrets.ts`. */
const secretMinutes = 5;
/** About how long a million changes in bulk keep `submit` busy, in minutes. */
const bulkMinutes = 20;

/** @returns the price of a million changes, from what a number of them used */
export function billOf(usage: Usage, load: Load): Bill {
  const perMillion = million / usage.changes;
  const functionPrice = (names: readonly string[]) =>
    names
      .map((name) => usage.functions[name] ?? { invocations: 0, gbSeconds: 0 })
      .reduce((usd, { invocations, gbSeconds }) => {
        return usd + invocations * lambdaRequest.usd + gbSeconds * lambdaGbSecond.usd;
      }, 0) * perMillion;
  const sqsRequests = Object.values(usage.sqsRequests).reduce((sum, count) => sum + count, 0);
  const dynamodb =
    usage.dynamodbReadUnits * prices.dynamodbReadUnit.usd +
    usage.dynamodbWriteUnits * prices.dynamodbWriteUnit.usd;
  return {
    EventBridge: usage.eventBridgeEvents * perMillion * prices.eventBridgeEvent.usd,
    'HTTP API': usage.httpApiRequests * perMillion * prices.httpApiRequest.usd,
    receiver: functionPrice(['receive-s3', 'receive-webhook']),
    submit: functionPrice(['submit']),
    'submit, while it waits for the limit': load.perMinute === undefined ? waitingPrice() : 0,
    SQS: sqsRequests * perMillion * prices.sqsRequest.usd,
    DynamoDB: dynamodb * perMillion,
    'Secrets Manager': secretsPrice(usage, load),
    'CloudWatch Logs': (usage.logBytes / 1e9) * perMillion * prices.logGb.usd,
  };
}

/** @returns the sum of a bill's parts */
export function totalOf(bill: Bill): number {
  return Object.values(bill).reduce((sum, usd) => sum + usd, 0);
}

/**
 * A million changes at once make more full requests than the limit lets through at once; for those beyond it, both
 * consumers wait. Too long to be measured, so it is calculated.
 */
function waitingPrice(): number {
  const slots = requestsInWindow(limit);
  const seconds = Math.max(0, million / maxFileUrls - slots) / (slots / limit.perSeconds);
  return seconds * consumers * submitGb * lambdaGbSecond.usd;
}

/**
 * Secrets are read again by the clock, not by the change: by each environment of `submit`, of which a slow trickle needs
 * one, and by the receiver of webhooks.
 */
function secretsPrice({ httpApiRequests }: Usage, { perMinute }: Load): number {
  const environments = perMinute !== undefined && perMinute < 10 ? 1 : consumers;
  const readers = environments + (httpApiRequests > 0 ? 1 : 0);
  const minutes = perMinute === undefined ? bulkMinutes : million / perMinute;
  return (minutes / secretMinutes) * readers * prices.secretsManagerCall.usd;
}
