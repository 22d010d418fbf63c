import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What an edge says of a page: whether it had it. */
export type CacheAnswer = 'hit' | 'miss' | 'unknown';

/** Asks an edge for a URL as it is written. */
export type AskEdge = (url: string) => Promise<CacheAnswer>;

const timeoutMs = 10_000;

/**
 * @param edge an address, which is asked by the scheme of the URL; or a URL, which is asked for all of them, with the scheme in
 *   `x-forwarded-proto`
 * @returns a function that asks that edge
 */
export function edgeAt(edge: string): AskEdge {
  return (url) => {
    const [, scheme = '', host = '', path = ''] = /^(https?):\/\/([^/?#]+)(.*)$/.exec(url) ?? [];
    const hasScheme = /^https?:\/\//.test(edge);
    const to = new URL(hasScheme ? edge : `${scheme}://${edge}`);
    const send = to.protocol === 'https:' ? httpsRequest : httpRequest;
    const options = {
      host: to.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: to.port,
      path: path === '' ? '/' : path,
      headers: {
        host,
        'user-agent': 'cdn-pro-purger',
        ...(hasScheme && { 'x-forwarded-proto': scheme }),
      },
      servername: host.replace(/:\d+$/, '').toLowerCase(),
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    };
    return new Promise((settle) => {
      const asked = send(options, (answer) => {
        settle(answer.statusCode === 200 ? cacheIn(answer.headers['x-cache-status']?.toString()) : 'unknown');
        asked.destroy();
      });
      asked.on('error', () => settle('unknown'));
      asked.end();
    });
  };
}

function cacheIn(status = ''): CacheAnswer {
  if (/^hit\b/i.test(status)) return 'hit';
  return /^(miss|revalidated|expired|updating|stale)\b/i.test(status) ? 'miss' : 'unknown';
}
