import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLoopbackServer } from '../cdn-pro/loopback-server.ts';
import type { PurgeRequest, Target } from '../cdn-pro/purges/purge-request.ts';
import { isLoopbackOr } from '../loopback/hosts.ts';
import type { Page } from './cache.ts';
import { type CacheKeyAdditions, type CacheKeyRules, pageRequestOf } from './cache-key.ts';
import { type CacheServer, createCacheServer, originOf } from './cache-server.ts';
import { type EdgeClient, edgeClient } from './edge-client.ts';

/** Options of an edge. */
export interface EdgeOptions {
  /**
   * Asks the origin for a URL. `undefined` means that there is nothing: a 404, which is cached like any page. A
   * rejection or a status of 500 and more is a failure of the origin: the page that was flagged by a purge is shown, else
   * a 502, which is not cached.
   */
  readonly fetchOrigin: (url: URL) => Promise<Page | undefined>;
  /** The host of the cached URLs when a request names the edge's own address. */
  readonly defaultHost: string;
  /**
   * The public hosts that it serves, in which `*` is any part of a name; it always answers to names of this machine.
   * @default all
   */
  readonly hosts?: readonly string[];
  /**
   * The scheme of the cached URLs without `x-forwarded-proto`.
   * @default `https`
   */
  readonly defaultScheme?: 'http' | 'https';
  /**
   * What is a part of the cache key, in addition to host and path.
   * @default nothing
   */
  readonly cacheKey?: CacheKeyAdditions;
  /**
   * The environment of this edge; purges of the other one do not concern it.
   * @default `production`
   */
  readonly target?: Target;
  /**
   * The clock.
   * @default `Date.now`
   */
  readonly nowMs?: () => number;
  /**
   * The port on 127.0.0.1.
   * @default any free one
   */
  readonly port?: number;
}

/** A running edge. */
export interface Edge extends EdgeClient {
  readonly name: string;
  /** Applies an accepted purge request at once. @returns the number of cached pages that it covers */
  readonly purge: (request: PurgeRequest) => number;
  readonly stop: () => Promise<void>;
}

/** How an edge listens. */
export interface EdgeSettings {
  readonly rules: CacheKeyRules;
  readonly hosts: readonly string[];
  readonly target: Target;
  readonly nowMs: () => number;
}

/** @returns the settings that options give */
export function settingsOf({
  defaultHost,
  hosts = ['*'],
  defaultScheme = 'https',
  cacheKey = {},
  target = 'production',
  nowMs = Date.now,
}: EdgeOptions): EdgeSettings {
  return { rules: { ...cacheKey, defaultHost, defaultScheme }, hosts, target, nowMs };
}

/**
 * Starts a caching HTTP server in front of an origin on 127.0.0.1. It keeps every page until a purge covers it.
 * @returns the edge, once it listens; rejects when the port is in use
 */
export function startEdge(options: EdgeOptions): Promise<Edge> {
  const { fetchOrigin, nowMs = Date.now, cacheKey = {}, port } = options;
  const upstream = originOf(fetchOrigin, nowMs);
  const server = createCacheServer({ name: 'edge', additions: cacheKey, nowMs, upstream });
  return listen(server, settingsOf(options), port);
}

/**
 * Lets a server answer HTTP requests on 127.0.0.1. It says in `x-cache-status`, `x-via` and `age` where an answer came
 * from, which servers it passed and how many seconds ago it left the origin.
 */
export async function listen(
  server: CacheServer,
  settings: EdgeSettings,
  port: number | undefined,
): Promise<Edge> {
  const listener = await startLoopbackServer(
    (request, response) => void handle(server, settings, request, response),
    port,
    isLoopbackOr(settings.hosts),
  );
  return {
    ...edgeClient(listener.url),
    name: server.name,
    purge: (request) => (request.target === settings.target ? server.purge(request) : 0),
    stop: listener.stop,
  };
}

async function handle(
  server: CacheServer,
  { rules, nowMs }: EdgeSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendText(response, 405, 'Only GET and HEAD are allowed here.');
  }
  const wanted = pageRequestOf(request.url ?? '', request.headers, rules);
  if (wanted === undefined) return sendText(response, 400, 'The request does not name a URL.');
  try {
    const { page, cache, fetchedMs, via } = await server.get(wanted);
    response.writeHead(page.status, {
      ...endToEnd(page.headers),
      'content-length': String(page.body.length),
      'x-cache-status': cache,
      'x-via': via.join(', '),
      age: String(Math.max(0, Math.floor((nowMs() - fetchedMs) / 1000))),
    });
    // In answer to HEAD, Node leaves the body out.
    response.end(page.body);
  } catch (error) {
    sendText(response, 502, `The origin failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Headers that are not handed on: those of one connection, and `vary`, which CDN Pro removes. */
const removed = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'vary',
]);

function endToEnd(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(kept.filter(([name]) => !removed.has(name)));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain;charset=utf-8', 'x-cache-status': 'MISS' });
  response.end(`${text}\n`);
}
