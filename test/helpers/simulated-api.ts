import { createHmac } from 'node:crypto';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';

/** A simulator of CDN Pro on a clock that begins on 2026-01-01 and that a test moves, and a client that signs with its API key. */
export interface SimulatedApi {
  readonly cdnPro: CdnPro;
  /** Moves the clock. */
  readonly pass: (ms: number) => void;
  readonly get: (path: string) => Promise<ApiAnswer>;
  readonly post: (path: string, body: object) => Promise<ApiAnswer>;
  /** Purges in production. */
  readonly purge: (fields: object) => Promise<ApiAnswer>;
}

/** An answer, its body parsed. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it with what they expect.
  readonly body: any;
  /** The last part of `Location`. */
  readonly id: string;
}

/** Starts a simulator in which `www.example.com` and `other.example.com` are deployed in production. */
export async function startSimulatedApi(options: Partial<CdnProOptions> = {}): Promise<SimulatedApi> {
  let nowMs = Date.UTC(2026, 0, 1);
  const cdnPro = await startCdnPro({
    credentials: { username: 'ann', apiKey: 'ann-key' },
    deployedHosts: {
      production: ['www.example.com', 'other.example.com'],
      staging: ['staging.example.com'],
    },
    processingMs: () => 1000,
    unseenMs: 0,
    nowMs: () => nowMs,
    limit: { requests: 1_000_000, perSeconds: 1 },
    bucket: { perMinute: 60_000, burst: 60_000 },
    ...options,
  });
  const send = (path: string, init: RequestInit) => request(`${cdnPro.url}${path}`, init, nowMs);
  const post = (path: string, body: object) => send(path, { method: 'POST', body: JSON.stringify(body) });
  return {
    cdnPro,
    pass: (ms) => {
      nowMs += ms;
    },
    get: (path) => send(path, {}),
    post,
    purge: (fields) => post('/cdn/purges', { target: 'production', ...fields }),
  };
}

async function request(url: string, init: RequestInit, nowMs: number): Promise<ApiAnswer> {
  const date = new Date(nowMs).toUTCString();
  const password = createHmac('sha1', 'ann-key').update(date).digest('base64');
  const authorization = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
  const response = await fetch(url, { ...init, headers: { date, authorization } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
    id: (response.headers.get('location') ?? '').split('/').at(-1) ?? '',
  };
}
