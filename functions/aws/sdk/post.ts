import type { Agent, ClientRequest } from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A connection on which nothing moved for too long. The SDK's name for it, by which it is tried again. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The SDK waits without end, which would take the function's whole time for one connection that died silently. */
const defaultIdleTimeoutMs = 10_000;

/** Connections stay open from request to request, as many as the SDK allows. */
const agentOptions = { keepAlive: true, maxSockets: 50 };

/** @returns a function that posts texts over connections of its own */
export function createPost(
  idleTimeoutMs = defaultIdleTimeoutMs,
): (url: URL, headers: Readonly<Record<string, string>>, body: string) => Promise<HttpAnswer> {
  const start = createStart();
  return (url, headers, body) =>
    new Promise((settle, fail) => {
      const length = { 'content-length': Buffer.byteLength(body) };
      const request = start(url, { method: 'POST', headers: { ...headers, ...length } });
      request.setTimeout(idleTimeoutMs, () => {
        request.destroy(new TimeoutError(`Expected ${url.host} to answer within ${idleTimeoutMs} ms`));
      });
      request.on('error', fail);
      request.on('response', (response) => {
        const { statusCode = 0, headers: answered } = response;
        text(response).then((read) => settle({ status: statusCode, headers: answered, body: read }), fail);
      });
      request.end(body);
    });
}

/** @returns a function that starts requests */
function createStart(): (url: URL, options: https.RequestOptions) => ClientRequest {
  const secure = new https.Agent(agentOptions);
  let plain: Agent | undefined;
  return (url, options) => {
    if (url.protocol !== 'http:') return https.request(url, { ...options, agent: secure });
    // For emulators. To import it loads Node's WebSocket and its `fetch` too, which is half of a function's cold start.
    const http = process.getBuiltinModule('node:http');
    plain ??= new http.Agent(agentOptions);
    return http.request(url, { ...options, agent: plain });
  };
}
