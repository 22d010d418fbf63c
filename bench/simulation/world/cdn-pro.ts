import { type Answer, readAnswer } from '../../../functions/cdn-pro/answer.ts';
import type { CdnProClient, PreparedClient, Reading } from '../../../functions/cdn-pro/client.ts';
import type { Target } from '../../../functions/core/model/types.ts';
import type { PurgeRequestBody } from '../../../functions/core/planning/planned-request.ts';
import type { VirtualClock } from './clock.ts';

/** How the simulated CDN Pro behaves. */
export interface CdnProOptions {
  /** Most requests in any window. */
  readonly requests: number;
  readonly windowMs: number;
  /** Half of a request's round trip, in milliseconds, at the time it is sent. */
  readonly wayMs: (nowMs: number) => number;
  /** What goes wrong with the n-th request that is sent; undefined where nothing does. */
  readonly fault?: (index: number, nowMs: number) => CdnProFault | undefined;
  /** Whether 429 has a `Retry-After`. */
  readonly sendsRetryAfter?: boolean;
  /** URLs that are never accepted, and how a request with one of them fails. */
  readonly bad?: { readonly isBad: (url: string) => boolean; readonly fault: (url: string) => CdnProFault };
  /** How a question about the quota is answered instead, at a time. */
  readonly questionFault?: (nowMs: number) => RawResponse | undefined;
  /** @default more tokens than anybody spends */
  readonly quota?: SimulatedQuota;
  /** @default none: the window alone limits */
  readonly bucket?: SimulatedBucket;
  /** Called for every purge request that arrives, with the answer that was given. */
  readonly onRequest: (body: PurgeRequestBody, answer: Answer, arrivedMs: number) => void;
}

/** URLs of a day. A purge is made as long as something is left, or may be overdrawn. */
export interface SimulatedQuota {
  readonly files: number;
  readonly dirs: number;
  /** How far the quota may be overdrawn, as a share of it. */
  readonly overdraft: number;
  /** A day, in milliseconds. */
  readonly dayMs: number;
  readonly answerWhenSpent: AnswerWhenSpent;
  /** What others on the account have spent, in the order of time. */
  readonly spentByOthers?: readonly SpentTokens[];
}

/** No document says how CDN Pro refuses what the quota does not allow. */
export type AnswerWhenSpent = '403' | '400' | '400 about size' | '429';

/** Tokens, when they were spent, and in which environment. */
export interface SpentTokens {
  readonly atMs: number;
  readonly target: Target;
  readonly files: number;
  readonly dirs: number;
}

/** The customer's bucket of requests. */
export interface SimulatedBucket {
  readonly perMinute: number;
  readonly burst: number;
  /** When others take requests from it, and how many, in the order of time. */
  readonly takenByOthers?: readonly { readonly atMs: number; readonly requests: number }[];
}

/** `answer-lost`: accepted, but the client gets no answer. `request-lost`: it never arrives. */
export type CdnProFault =
  | 'error'
  /** 429, since somebody else has used up the user's limit. */
  | 'throttled'
  | 'too-large'
  | 'unauthorized'
  /** Anything else, as it comes over the wire. */
  | RawResponse
  | 'answer-lost'
  | 'request-lost'
  | { readonly slowMs: number };

/** A response as it comes over the wire. */
export interface RawResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A simulated CDN Pro with an exact sliding window, and what it saw. */
export interface SimulatedCdnPro extends CdnProClient {
  /** When requests arrived, refused ones included, ascending. */
  readonly arrivals: number[];
  /** How many were answered with 429. */
  readonly throttled: number;
  /** Tokens of this consumer, in the order of time. */
  readonly spent: readonly SpentTokens[];
}

const timeoutMs = 10_000;

/** @returns a CDN Pro that knows no time but the clock's */
export function createCdnPro(clock: VirtualClock, options: CdnProOptions): SimulatedCdnPro {
  const {
    requests,
    windowMs,
    wayMs,
    fault,
    sendsRetryAfter = true,
    bad,
    quota,
    questionFault,
    onRequest,
  } = options;
  const arrivals: number[] = [];
  const spent: SpentTokens[] = [];
  const bucket = createBucket(options.bucket);
  let sent = 0;
  let throttled = 0;

  /** Counts a request, a refused one too. @returns how long to stay away where it is one too many */
  function admit(): number | undefined {
    const nowMs = clock.nowMs();
    arrivals.push(nowMs);
    const isInBucket = bucket.take(nowMs);
    const oldest = arrivals[arrivals.length - 1 - requests];
    if (oldest !== undefined && oldest > nowMs - windowMs) {
      throttled++;
      // The header is in whole seconds.
      return Math.ceil((oldest + windowMs - nowMs) / 1000) * 1000;
    }
    if (isInBucket) return undefined;
    throttled++;
    return 1000 * Math.ceil(60 / (options.bucket?.perMinute ?? 60));
  }

  function arrive(body: PurgeRequestBody, failure: CdnProFault | undefined): Answer {
    const awayMs = admit();
    const answer = awayMs === undefined ? judge(body, failure) : refuse(awayMs);
    onRequest(body, answer, clock.nowMs());
    return options.bucket === undefined ? answer : { ...answer, remaining: bucket.remaining() };
  }

  function refuse(retryAfterMs: number): Answer {
    return { kind: 'throttled', ...(sendsRetryAfter ? { retryAfterMs } : {}) };
  }

  /** @returns how a request fails; undefined where it does not */
  function fail(urls: readonly string[], failure: CdnProFault | undefined): Answer | undefined {
    if (failure === 'error') return { kind: 'unavailable', reason: 'HTTP 503' };
    if (failure === 'throttled') return refuse(5000);
    if (failure === 'unauthorized') return { kind: 'unauthorized', status: 401, message: 'no' };
    if (failure === 'too-large' && urls.length > 1) return { kind: 'refused', status: 413, message: '' };
    if (typeof failure !== 'object' || 'slowMs' in failure) return undefined;
    const { status, headers = {}, body = '' } = failure;
    return readAnswer({ status, headers: new Headers(headers), body }, clock.nowMs());
  }

  function judge(body: PurgeRequestBody, failure: CdnProFault | undefined): Answer {
    const urls = body.fileUrls ?? [];
    const failed = fail(urls, failure);
    if (failed !== undefined) return failed;
    const found = bad === undefined ? undefined : urls.find(bad.isBad);
    const refused = found === undefined ? undefined : fail(urls, bad?.fault(found));
    if (refused !== undefined) return refused;
    const wanted = {
      files: urls.length,
      dirs: (body.dirUrls?.length ?? 0) + (body.regexPatterns?.length ?? 0),
    };
    if (quota !== undefined && !isLeft(body.target, wanted, quota)) {
      if (quota.answerWhenSpent === '429') throttled++;
      return answersWhenSpent[quota.answerWhenSpent];
    }
    spent.push({ atMs: clock.nowMs(), target: body.target, ...wanted });
    return { kind: 'accepted', purgeId: String(arrivals.length) };
  }

  function isLeft(target: Target, wanted: TokenCounts, { overdraft, files, dirs }: SimulatedQuota): boolean {
    const left = tokensLeft(target);
    return (
      (wanted.files === 0 || wanted.files <= left.files + Math.ceil(files * overdraft)) &&
      (wanted.dirs === 0 || wanted.dirs <= left.dirs + Math.ceil(dirs * overdraft))
    );
  }

  /** What is left of the day; negative where it was overdrawn. */
  function tokensLeft(target: Target): TokenCounts {
    const { files = 1e9, dirs = 1e9, dayMs = 86_400_000, spentByOthers = [] } = quota ?? {};
    const nowMs = clock.nowMs();
    const left = { files, dirs };
    for (const each of [...spent, ...spentByOthers]) {
      if (each.target !== target || each.atMs > nowMs || each.atMs <= nowMs - dayMs) continue;
      left.files -= each.files;
      left.dirs -= each.dirs;
    }
    return left;
  }

  /** A question about the quota. */
  function ask<Value>(answer: () => Value): Promise<Reading<Value>> {
    return new Promise((resolve) => {
      clock.at(clock.nowMs() + wayMs(clock.nowMs()), () => {
        const isAdmitted = admit() === undefined;
        const remaining = options.bucket === undefined ? {} : { remaining: bucket.remaining() };
        const { status = isAdmitted ? 200 : 429 } = questionFault?.(clock.nowMs()) ?? {};
        const reading = { ...(status === 200 && { value: answer() }), status, ...remaining };
        clock.at(clock.nowMs() + wayMs(clock.nowMs()), () => resolve(reading));
      });
    });
  }

  const client: PreparedClient = {
    submit: (body) =>
      new Promise((resolve) => {
        const sentMs = clock.nowMs();
        const failure = fault?.(sent++, sentMs);
        const isLost = failure === 'request-lost' || failure === 'answer-lost';
        const extraMs = typeof failure === 'object' && 'slowMs' in failure ? failure.slowMs : 0;
        if (failure !== 'request-lost') {
          // A slow request can arrive when its client has long given up.
          clock.at(sentMs + Math.min(wayMs(sentMs) + extraMs, timeoutMs), () => {
            const answer = arrive(body, failure);
            const answeredMs = clock.nowMs() + wayMs(clock.nowMs());
            if (!isLost && answeredMs < sentMs + timeoutMs) clock.at(answeredMs, () => resolve(answer));
          });
        }
        clock.at(sentMs + timeoutMs, () => resolve({ kind: 'unavailable', reason: 'timed out' }));
      }),
    purgeTokens: async (target) => {
      if (quota === undefined) return {};
      return ask(() => {
        const { files, dirs } = tokensLeft(target);
        // A debt cannot be seen.
        return { files: Math.max(0, files), dirs: Math.max(0, dirs) };
      });
    },
    serviceQuotas: async () => ({}),
  };
  return {
    arrivals,
    spent,
    get throttled() {
      return throttled;
    },
    prepare: async () => client,
  };
}

type TokenCounts = Pick<SpentTokens, 'files' | 'dirs'>;

const answersWhenSpent: Readonly<Record<AnswerWhenSpent, Answer>> = {
  '403': { kind: 'forbidden', status: 403, message: 'Forbidden' },
  '400': { kind: 'refused', status: 400, message: 'Bad request' },
  '400 about size': { kind: 'refused', status: 400, message: 'The number of URLs exceeds the limit.' },
  '429': { kind: 'throttled' },
};

/** @returns a bucket that is full; refused requests take from it, too, as far as something is in it */
function createBucket(options: SimulatedBucket | undefined) {
  const { perMinute = 0, burst = 0, takenByOthers = [] } = options ?? {};
  let level = burst;
  let atMs = 0;
  let others = 0;
  const refill = (nowMs: number) => {
    level = Math.min(burst, level + ((nowMs - atMs) / 60_000) * perMinute);
    atMs = nowMs;
  };
  return {
    take(nowMs: number): boolean {
      for (
        let each = takenByOthers[others];
        each !== undefined && each.atMs <= nowMs;
        each = takenByOthers[++others]
      ) {
        refill(each.atMs);
        level = Math.max(0, level - each.requests);
      }
      refill(nowMs);
      if (options === undefined) return true;
      const isIn = level >= 1;
      level = Math.max(0, level - 1);
      return isIn;
    },
    remaining: () => Math.floor(level),
  };
}
