import { type Credentials, signRequest } from '../../../../functions/cdn-pro/auth.ts';
import { requestTimeoutMs } from '../../../../functions/cdn-pro/client.ts';
import type { Tokens } from '../../../../functions/core/limits/tokens/quota.ts';
import { noTokens } from '../../../../functions/core/limits/tokens/quota.ts';
import { PurgerError } from '../../../../functions/core/model/errors.ts';
import type { PurgeRequestBody } from '../../../../functions/core/planning/planned-request.ts';

/** A request to CDN Pro, and what came of it. */
export interface Exchange {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  /** Empty for a GET. */
  readonly sent: string;
  readonly sentMs: number;
  /** Missing where there was no answer. */
  readonly status?: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Why an experiment cannot tell anything. */
export class MeasureError extends PurgerError {
  override readonly name = 'MeasureError';
}

/** Lets a request out: within the limits that the purger keeps, in the same ledger. */
export interface Gate {
  /**
   * Takes a slot, waiting for one.
   * @returns what notes the answer to the request that is sent in it
   * @throws MeasureError where none comes in time, or where the day has no tokens for it
   */
  readonly open: (price: Tokens, mayOverdraw: boolean) => Promise<(answer: Exchange) => Promise<void>>;
}

/** What experiments work with. Nothing else sends a request. */
export interface Bench {
  readonly target: 'staging';
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /**
   * @param signedMs the time that the signature has; now if missing
   * @throws MeasureError
   */
  readonly get: (path: string, signedMs?: number) => Promise<Exchange>;
  /**
   * @param purge the fields of the request, or its body as it is to be sent
   * @param mayOverdraw whether it goes although the purger would keep it back
   * @throws MeasureError
   */
  readonly post: (
    purge: PurgeRequestBody | string,
    price: Tokens,
    mayOverdraw?: boolean,
  ) => Promise<Exchange>;
  /** @returns that many URLs of pages that do not exist, which no experiment has used */
  readonly urls: (count: number, length?: number) => readonly string[];
  /** All that was exchanged so far. */
  readonly exchanges: readonly Exchange[];
}

/** Options of {@link createBench}. */
export interface BenchOptions {
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** A host that is deployed in staging. */
  readonly host: string;
  readonly gate: Gate;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** @returns a bench on which nothing has happened */
export function createBench({ endpoint, credentials, host, gate, nowMs, sleep }: BenchOptions): Bench {
  const exchanges: Exchange[] = [];
  const base = endpoint.replace(/\/+$/, '');
  const folder = `https://${host}/cdn-purger-measure/${nowMs().toString(36)}/`;
  let used = 0;
  const sentInSecond = new Map<string, number>();

  /** A signature has whole seconds, and the same one may be good for one request alone. */
  async function waitForAnotherSecond(request: string): Promise<void> {
    if (sentInSecond.get(request) === secondOf(nowMs())) await sleep(1000 - (nowMs() % 1000));
  }

  async function exchange(
    method: 'GET' | 'POST',
    path: string,
    { body = '', price = noTokens, mayOverdraw = false, signedMs = undefined as number | undefined },
  ): Promise<Exchange> {
    const note = await gate.open(price, mayOverdraw);
    const request = `${method} ${path} ${body}`;
    if (signedMs === undefined) await waitForAnotherSecond(request);
    const sentMs = nowMs();
    sentInSecond.set(request, secondOf(signedMs ?? sentMs));
    const url = new URL(`${base}${path}`);
    const contentType = 'application/json';
    const headers = {
      accept: contentType,
      'content-type': contentType,
      'user-agent': 'cdn-pro-purger',
      ...signRequest({ method, url, contentType, body }, credentials, signedMs ?? sentMs),
    };
    const answer = await answerTo(url, { method, headers, ...(method === 'POST' && { body }) });
    const done = { method, path, sent: body, sentMs, ...answer };
    exchanges.push(done);
    await note(done);
    return done;
  }

  return {
    target: 'staging',
    nowMs,
    sleep,
    exchanges,
    get: (path, signedMs) => exchange('GET', path, { signedMs }),
    post: (purge, price, mayOverdraw = false) =>
      exchange('POST', '/cdn/purges', {
        body: typeof purge === 'string' ? purge : JSON.stringify(purge),
        price,
        mayOverdraw,
      }),
    urls: (count, length = 0) =>
      Array.from({ length: count }, () => {
        used += 1;
        return `${folder}${used}`.padEnd(length, '-');
      }),
  };
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

async function answerTo(url: URL, init: RequestInit): Promise<Pick<Exchange, 'status' | 'headers' | 'body'>> {
  try {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const response = await fetch(url, { ...init, signal, redirect: 'manual' });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch {
    return { headers: new Headers(), body: '' };
  }
}

/** What an experiment may cost at most. */
export interface Cost {
  /** Requests to CDN Pro. */
  readonly requests: number;
  /** Of the day's file URLs. */
  readonly files: number;
  readonly seconds: number;
}

/** @returns the same bench, which sends no more than that */
export function within(bench: Bench, { requests, files }: Cost): Bench {
  let sent = 0;
  let spent = 0;
  const count = (more: number) => {
    sent += 1;
    spent += more;
    if (sent > requests || spent > files) {
      throw new MeasureError(`it would take more than ${requests} requests and ${files} files`);
    }
  };
  return {
    ...bench,
    async get(path, signedMs) {
      count(0);
      return bench.get(path, signedMs);
    },
    async post(purge, price, mayOverdraw) {
      count(price.files);
      return bench.post(purge, price, mayOverdraw);
    },
  };
}
