import { accepted, describe, remainingOf, tokensPath } from '../ask.ts';
import { type Bench, type Exchange, MeasureError } from '../bench.ts';
import { cannotTell, type Experiment, measured } from '../finding.ts';

/** Purges make room in the bucket: as many as it takes for this drop. */
const drop = 20;
const leastPurges = 4;
const mostPurges = 20;
const gets = 6;
/** In these pauses nothing is sent, so that it fills. Somebody else may send in one of them. */
const pausesMs = [5_000, 15_000, 20_000];
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
  cost: { requests: 1 + mostPurges + gets + pausesMs.length, files: mostPurges, seconds: 50 },
  async run(bench) {
    const levels = [await ask(bench)];
    while (levels.length <= leastPurges || (levels.length <= mostPurges && fallOf(levels) < drop)) {
      levels.push(levelOf(await accepted(bench, bench.urls(1))));
    }
    const posts = stepOf(levels);
    const after = [...levels.slice(-1)];
    for (let sent = 0; sent < gets; sent++) after.push(await ask(bench));
    const asks = stepOf(after);
    const pauses = await fillUp(bench, after.slice(-1));
    const idle = stepOf(pauses);
    const seen = `x-rate-limit-remaining: ${[posts, asks, idle].map(describeStep).join(', then ')}`;
    if (idle.requests === 0) return cannotTell('the bucket was full again too soon', seen);
    const perSecond = refill(asks, idle);
    const get = weight(asks, perSecond);
    const post = weight(posts, perSecond);
    const isAlone = get !== undefined && post !== undefined && isSteady(after, get) && isSteady(levels, post);
    if (!isAlone) {
      return cannotTell('somebody else sends requests just now', seen);
    }
    const perMinute = leastRefill(pauses);
    // Where nothing comes back, somebody else takes it.
    if (perMinute < 1) return cannotTell('somebody else sends requests just now', seen);
    const weights = { get, post };
    const bucket = { perMinute, burst: mostHeld(bench) };
    const value = `a GET ${get}, a purge ${post}; ${perMinute} or more come back in a minute, ${bucket.burst} or more at once`;
    return measured(value, seen, { weights, bucket });
  },
};

async function ask(bench: Bench): Promise<Level> {
  return levelOf(await bench.get(tokensPath));
}

/** @returns the levels around the pauses after which the bucket was not full: a full one fills no further */
async function fillUp(bench: Bench, from: readonly Level[]): Promise<readonly Level[]> {
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
  return levels;
}

function levelOf(exchange: Exchange): Level {
  if (exchange.status !== 200 && exchange.status !== 201) {
    throw new MeasureError(`a request was not answered: ${describe(exchange)}`);
  }
  const left = remainingOf(exchange);
  if (left === undefined) throw new MeasureError('answers have no x-rate-limit-remaining');
  return { left, atMs: exchange.sentMs };
}

/** Whether no single request took more than all of them on average: a level may leave out a fraction. */
function isSteady(levels: readonly Level[], weight: number): boolean {
  return levels.slice(1).every((_, index) => fallOf(levels.slice(index, index + 2)) <= weight + 1);
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

/**
 * A request takes one or more, what others send only ever makes it look smaller, and a level may leave out a fraction: the best of
 * all stretches is still a lower bound.
 * @returns what comes back in a minute, at least
 */
function leastRefill(levels: readonly Level[]): number {
  const stretches = levels.flatMap((_, from) =>
    levels.slice(from + 1).map((_, length) => stepOf(levels.slice(from, from + length + 2))),
  );
  const inMinute = stretches.map(({ requests, fall, seconds }) => ((requests - fall - 1) / seconds) * 60);
  return Math.floor(Math.max(0, ...inMinute));
}

/** @returns what each request took; undefined where that is not a whole number, or where the steps do not tell */
function weight({ requests, fall, seconds }: Step, perSecond: number): number | undefined {
  const each = (fall + perSecond * seconds) / requests;
  const whole = Math.max(1, Math.round(each));
  return Math.abs(each - whole) <= mostOff ? whole : undefined;
}

/** @returns the whole requests that the bucket held before one of these, at least: each took one or more */
function mostHeld({ exchanges }: Bench): number {
  return Math.floor(Math.max(...exchanges.map((exchange) => (remainingOf(exchange) ?? 0) + 1)));
}
