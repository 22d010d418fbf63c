import { accepted, describe, remainingOf, tokensPath } from '../ask.ts';
import { type Bench, type Exchange, MeasureError } from '../bench.ts';
import { cannotTell, type Experiment, type Facts, measured } from '../finding.ts';

/** Purges make room in the bucket: as many as it takes for this drop. */
const drop = 20;
const leastPurges = 4;
const mostPurges = 20;
const gets = 6;
/** In these pauses nothing is sent, so that it fills. */
const pausesMs = [5_000, 25_000];
/** A weight is a whole number: what is further from one was somebody else's. */
const mostOff = 0.35;

/** What the customer's bucket of requests has left, and when. */
interface Level {
  readonly left: number;
  readonly atMs: number;
}

/** From one level to another, by a number of requests. */
interface Step {
  readonly requests: number;
  readonly fall: number;
  readonly seconds: number;
}

/** What requests take out of the customer's bucket, and how fast it fills. */
export const requestWeights: Experiment = {
  name: 'weight of requests',
  cost: { requests: 1 + mostPurges + gets + pausesMs.length, files: mostPurges, seconds: 40 },
  async run(bench) {
    const levels = [await ask(bench)];
    while (levels.length <= leastPurges || (levels.length <= mostPurges && fallOf(levels) < drop)) {
      levels.push(levelOf(await accepted(bench, bench.urls(1))));
    }
    const posts = stepOf(levels);
    const after = [...levels.slice(-1)];
    for (let sent = 0; sent < gets; sent++) after.push(await ask(bench));
    const asks = stepOf(after);
    const idle = await fillUp(bench, after.slice(-1));
    const seen = `x-rate-limit-remaining: ${[posts, asks, idle].map(describeStep).join(', then ')}`;
    if (idle.requests === 0) return cannotTell('the bucket was full again too soon', seen);
    const perSecond = refill(asks, idle);
    const get = weight(asks, perSecond);
    const post = weight(posts, perSecond);
    const perMinute = Math.round(perSecond * 60);
    // Where nothing comes back, somebody else takes it.
    if (get === undefined || post === undefined || perMinute < 1) {
      return cannotTell('somebody else sends requests just now', seen);
    }
    const weights = { get, post };
    const bucket = {
      perMinute,
      error: Math.ceil(60 / idle.seconds),
      burst: mostHeld(bench, weights),
    };
    const value = `a GET ${get}, a purge ${post}; ${bucket.perMinute} ± ${bucket.error} come back in a minute, ${bucket.burst} at once or more`;
    return measured(value, seen, { weights, bucket });
  },
};

async function ask(bench: Bench): Promise<Level> {
  return levelOf(await bench.get(tokensPath));
}

/** @returns the longest pause in which the bucket was not full: a full one fills no further */
async function fillUp(bench: Bench, from: readonly Level[]): Promise<Step> {
  const levels = [...from];
  for (const ms of pausesMs) {
    const most = Math.max(
      ...bench.exchanges.filter(({ path }) => path === tokensPath).map((each) => remainingOf(each) ?? 0),
    );
    await bench.sleep(ms);
    const level = await ask(bench);
    if (level.left >= most) break;
    levels.push(level);
  }
  return stepOf(levels);
}

function levelOf(exchange: Exchange): Level {
  if (exchange.status !== 200 && exchange.status !== 201) {
    throw new MeasureError(`a request was not answered: ${describe(exchange)}`);
  }
  const left = remainingOf(exchange);
  if (left === undefined) throw new MeasureError('answers have no x-rate-limit-remaining');
  return { left, atMs: exchange.sentMs };
}

function stepOf(levels: readonly Level[]): Step {
  const seconds = ((levels.at(-1)?.atMs ?? 0) - (levels[0]?.atMs ?? 0)) / 1000;
  return { requests: levels.length - 1, fall: fallOf(levels), seconds };
}

function fallOf(levels: readonly Level[]): number {
  return (levels[0]?.left ?? 0) - (levels.at(-1)?.left ?? 0);
}

function describeStep({ requests, fall, seconds }: Step): string {
  const change = fall < 0 ? `${-fall} more` : `${fall} less`;
  return `${change} after ${requests} in ${Math.round(seconds)} s`;
}

/**
 * Both steps are `fall = requests · weight − refill · seconds`, by requests of the same weight.
 * @returns what comes back in a second
 */
function refill(a: Step, b: Step): number {
  return (a.fall * b.requests - b.fall * a.requests) / (b.seconds * a.requests - a.seconds * b.requests);
}

/** @returns what each request took; undefined where that is not a whole number, or where the steps do not tell */
function weight({ requests, fall, seconds }: Step, perSecond: number): number | undefined {
  const each = (fall + perSecond * seconds) / requests;
  const whole = Math.max(1, Math.round(each));
  return Math.abs(each - whole) <= mostOff ? whole : undefined;
}

/** @returns the whole requests that the bucket held before a request, at most; other questions take one or more */
function mostHeld({ exchanges }: Bench, { get, post }: NonNullable<Facts['weights']>): number {
  const held = exchanges.map((exchange) => {
    const own = exchange.path === tokensPath ? get : 1;
    return (remainingOf(exchange) ?? 0) + (exchange.method === 'POST' ? post : own);
  });
  return Math.floor(Math.max(...held));
}
