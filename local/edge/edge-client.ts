import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { CacheStatus } from './cache-server.ts';

/** An answer of an edge. */
export interface EdgeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Missing where the edge does not say it. */
  readonly cache?: CacheStatus;
}

/** Asks an edge, ours or another CDN's. */
export interface EdgeClient {
  /** The address of the edge, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Requests a public URL such as `https://www.example.com/a?b=c`; rejects for any other string. */
  readonly get: (url: string, headers?: Readonly<Record<string, string>>) => Promise<EdgeAnswer>;
}

const cacheStatuses = ['HIT', 'MISS', 'REVALIDATED', 'STALE'] as const;

/** @returns a client of the edge at an address, which gets the public host in `Host` */
export function edgeClient(address: string): EdgeClient {
  const edge = new URL(address);
  const request = edge.protocol === 'https:' ? httpsRequest : httpRequest;
  return {
    url: address,
    get(url, headers = {}) {
      const [, scheme, host, path] = /^(https?):\/\/([^/?#]+)([^#]*)$/.exec(url) ?? [];
      if (scheme === undefined || host === undefined || path === undefined) {
        return Promise.reject(new Error(`Expected an http or https URL without a fragment, got '${url}'`));
      }
      const sent = { ...headers, host, 'x-forwarded-proto': scheme };
      const { hostname, port } = edge;
      const target = path.startsWith('/') ? path : `/${path}`;
      const options = { hostname, port, path: target, headers: sent, servername: host, agent: false };
      return new Promise((resolve, reject) => {
        const asked = request(options, (response) => {
          readAnswer(response).then(resolve, reject);
        });
        asked.on('error', reject);
        asked.end();
      });
    },
  };
}

async function readAnswer(response: IncomingMessage): Promise<EdgeAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const values = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  const headers = Object.fromEntries(values);
  const cache = cacheStatuses.find((status) => status === headers['x-cache-status']);
  const answer = { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) };
  return cache === undefined ? answer : { ...answer, cache };
}
