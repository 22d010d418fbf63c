import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { startLoopbackServer } from '../cdn-pro/loopback-server.ts';
import type { PurgeRequest } from '../cdn-pro/purge-request.ts';
import { EdgeCache, type Page } from './cache.ts';
import { type CacheKeyRules, cacheKeyOf } from './cache-key.ts';
import type { CacheKey } from './purge-matcher.ts';

/** Options of an edge. */
export interface EdgeOptions {
  /**
   * Asks the origin for a URL. `undefined` means that there is nothing: a 404, which is cached like any page. A
   * rejection or a status of 500 and more is a failure of the origin: a 502, which is not cached.
   */
  readonly fetchOrigin: (url: URL) => Promise<Page | undefined>;
  /** The host of the cached URLs when a request names the edge's own address. */
  readonly defaultHost: string;
  /**
   * The scheme of the cached URLs without `x-forwarded-proto`.
   * @default `https`
   */
  readonly defaultScheme?: 'http' | 'https';
  /**
   * Request headers that are part of the cache key.
   * @default none
   */
  readonly varyHeaders?: readonly string[];
  /**
   * The environment of this edge; purges of the other one do not concern it.
   * @default `production`
   */
  readonly target?: PurgeRequest['target'];
  /**
   * The clock, for `age`.
   * @default `Date.now`
   */
  readonly nowMs?: () => number;
  /**
   * The port on 127.0.0.1.
   * @default any free one
   */
  readonly port?: number;
}

/** Where an answer came from: the cache, the origin, or the origin because the cached page was flagged as stale. */
type CacheStatus = 'HIT' | 'MISS' | 'REVALIDATED';

/** An answer of the edge. */
interface EdgeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly cache: CacheStatus;
}

/** A running edge. */
export interface Edge {
  /** `http://127.0.0.1:PORT`, which serves `{defaultScheme}://{defaultHost}`. */
  readonly url: string;
  /** Applies an accepted purge request at once. @returns the number of cached pages that it covers */
  readonly purge: (request: PurgeRequest) => number;
  /** Requests a cached URL such as `https://www.example.com/a?b=c`; rejects for any other string. */
  readonly get: (url: string, headers?: Readonly<Record<string, string>>) => Promise<EdgeAnswer>;
  readonly stop: () => Promise<void>;
}

interface State {
  readonly cache: EdgeCache;
  readonly rules: CacheKeyRules;
  readonly fetchOrigin: EdgeOptions['fetchOrigin'];
  readonly nowMs: () => number;
}

/**
 * Starts a caching HTTP server in front of an origin on 127.0.0.1. It keeps every page until a purge covers it, and says
 * in `x-cache` and `age` where an answer came from and how many seconds old it is.
 * @returns the edge, once it listens; rejects when the port is in use
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { defaultHost, defaultScheme = 'https', varyHeaders = [], target = 'production' } = options;
  const { fetchOrigin, nowMs = Date.now, port } = options;
  const cache = new EdgeCache();
  const state: State = { cache, rules: { defaultHost, defaultScheme, varyHeaders }, fetchOrigin, nowMs };
  const server = await startLoopbackServer(
    (request, response) => void handle(state, request, response),
    port,
  );
  return {
    url: server.url,
    purge: (request) => (request.target === target ? cache.purge(request) : 0),
    get: (url, headers = {}) => get(server.port, url, headers),
    stop: server.stop,
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendText(response, 405, 'Only GET and HEAD are allowed here.');
  }
  const key = cacheKeyOf(request.url ?? '', request.headers, state.rules);
  if (key === undefined) return sendText(response, 400, 'The request does not name a URL.');
  try {
    const { page, cache, storedMs } = await answer(state, key);
    const ageSeconds = Math.max(0, Math.floor((state.nowMs() - storedMs) / 1000));
    response.writeHead(page.status, {
      ...endToEnd(page.headers),
      'content-length': String(page.body.length),
      'x-cache': cache,
      age: String(ageSeconds),
    });
    // In answer to HEAD, Node leaves the body out.
    response.end(page.body);
  } catch (error) {
    sendText(response, 502, `The origin failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function answer(state: State, key: CacheKey) {
  const cached = state.cache.lookup(key);
  if (cached !== undefined && !cached.stale) return { ...cached, cache: 'HIT' as const };
  const cache = cached === undefined ? 'MISS' : 'REVALIDATED';
  const page = await state.cache.fill(key, () => fetchPage(state, key.url), state.nowMs);
  return { page, cache, storedMs: state.nowMs() } as const;
}

async function fetchPage(state: State, url: string): Promise<Page> {
  const page = await state.fetchOrigin(new URL(url));
  if (page === undefined) {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('Not found\n') };
  }
  if (page.status >= 500) throw new Error(`it answered ${page.status}`);
  return page;
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade']);

function endToEnd(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(kept.filter(([name]) => !hopByHop.has(name)));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain;charset=utf-8', 'x-cache': 'MISS' });
  response.end(`${text}\n`);
}

function get(port: number, url: string, headers: Readonly<Record<string, string>>): Promise<EdgeAnswer> {
  const [, scheme, host, path] = /^(https?):\/\/([^/?#]+)([^#]*)$/.exec(url) ?? [];
  if (scheme === undefined || host === undefined || path === undefined) {
    return Promise.reject(new Error(`Expected an http or https URL without a fragment, got '${url}'`));
  }
  const sent = { ...headers, host, 'x-forwarded-proto': scheme };
  const target = path.startsWith('/') ? path : `/${path}`;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path: target, headers: sent, agent: false },
      (response) => {
        readAnswer(response).then(resolve, reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

async function readAnswer(response: IncomingMessage): Promise<EdgeAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const values = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  const headers = Object.fromEntries(values);
  const cache =
    headers['x-cache'] === 'HIT' || headers['x-cache'] === 'REVALIDATED' ? headers['x-cache'] : 'MISS';
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks), cache };
}
