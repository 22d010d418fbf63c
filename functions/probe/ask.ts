import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Header } from '../core/model/types.ts';
import type { Answer } from '../core/proving/judge.ts';
import type { Seen } from '../core/proving/probe.ts';
import { describeError } from '../lambda/log.ts';
import type { Server } from './find-server.ts';

/** What a server has answered, or why it has not. */
export type Asked =
  | { readonly answer: Answer; readonly seen: Omit<Seen, 'from'> }
  | { readonly reason: string };

/** Headers that are about the connection, or that would change what is asked for. */
const ownHeaders =
  /^(?:connection|content-.*|expect|host|if-.*|keep-alive|range|te|trailer|transfer-encoding|upgrade)$/i;
/** No server is believed to have longer ones. */
const mostHeaderBytes = 16 * 1024;
const mostSeenCharacters = 200;
const firstByte = { range: 'bytes=0-0' };
const noSuchRange = 416;

/**
 * Asks for a URL's first byte as a visitor would: a HEAD, or a condition, may be answered past what visitors are served.
 * Only the head of the answer is read, and a redirect is not followed.
 * @param signal ends waiting
 * @param versionHeader the header of the answer that says which version it is; undefined where none does
 */
export async function askServer(
  url: URL,
  headers: readonly Header[],
  server: Server,
  signal: AbortSignal,
  versionHeader?: string,
): Promise<Asked> {
  const odd = headers.find(({ name }) => ownHeaders.test(name));
  if (odd !== undefined) return { reason: `the header ${odd.name} is not sent` };
  const options = optionsFor(url, headers, server, signal);
  const asked = await send({ ...options, headers: { ...options.headers, ...firstByte } });
  // An empty file has no first byte.
  return 'answer' in asked && asked.answer.status === noSuchRange ? send(options) : asked;

  function send(options: RequestOptions): Promise<Asked> {
    return new Promise((resolve) => {
      const failed = (error: unknown) => resolve({ reason: whyFailed(error, signal) });
      try {
        const sendBy = server.protocol === 'https:' ? httpsRequest : httpRequest;
        const request = sendBy(options, (response) => {
          resolve(read(response, server, versionHeader));
          request.destroy();
        });
        request.on('error', failed);
        // A connection that is switched to another protocol ends without an answer and without an error.
        request.on('close', () => failed(new Error('the connection was closed')));
        request.end();
      } catch (error) {
        failed(error);
      }
    });
  }
}

function optionsFor(
  url: URL,
  headers: readonly Header[],
  { address, port, protocol }: Server,
  signal: AbortSignal,
): RequestOptions & { readonly headers: Record<string, string>; readonly servername?: string } {
  return {
    // The address that was checked, and not what the name means now.
    host: address,
    port,
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      'user-agent': 'cdn-pro-purger',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value])),
    },
    ...(protocol === 'https:' && { servername: isIP(url.hostname) === 0 ? url.hostname : '' }),
    maxHeaderSize: mostHeaderBytes,
    agent: false,
    signal,
  };
}

/**
 * @returns the time of an HTTP date, in milliseconds; NaN for anything else, of which a part may be readable as a date
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
 */
function httpDateMs(text = ''): number {
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text) ? Date.parse(text) : Number.NaN;
}

function read(
  { statusCode = 0, headers }: IncomingMessage,
  { address }: Server,
  versionHeader: string | undefined,
): Asked {
  const version = versionHeader === undefined ? undefined : headers[versionHeader.toLowerCase()]?.toString();
  const { etag, age, via, location, 'x-via': xVia = via, 'last-modified': lastModified } = headers;
  const cacheStatus = headers['x-cache-status'] ?? headers['x-cache'];
  const lastModifiedMs = httpDateMs(lastModified);
  const text = (value: string | string[] | undefined) => value?.toString().slice(0, mostSeenCharacters);
  // The beginning of a URL is another URL.
  const isWhole = location !== undefined && location.length <= mostSeenCharacters;
  const seen = {
    etag: text(etag),
    lastModified: text(lastModified),
    age: text(age),
    location: isWhole ? location : undefined,
    via: text(xVia),
    cacheStatus: text(cacheStatus),
  };
  return {
    answer: {
      status: statusCode,
      ...(etag !== undefined && { etag }),
      ...(version !== undefined && { version }),
      ...(!Number.isNaN(lastModifiedMs) && { lastModifiedMs }),
      ...(headers['content-type'] !== undefined && { contentType: headers['content-type'] }),
      ...(headers['cache-control'] !== undefined && { cacheControl: headers['cache-control'] }),
      setsCookie: headers['set-cookie'] !== undefined,
      isOfS3: headers['x-amz-request-id'] !== undefined,
    },
    seen: { address, status: statusCode, ...definedOf(seen) },
  };
}

function definedOf(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function whyFailed(error: unknown, { aborted }: AbortSignal): string {
  return aborted
    ? 'no answer in time'
    : `no answer: ${describeError(error).message}`.slice(0, mostSeenCharacters);
}
