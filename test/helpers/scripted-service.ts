import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An answer of a service, or none: the connection breaks instead. */
export type ScriptedAnswer =
  | {
      readonly status?: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Breaks the connection after the headers and half of the body. */
      readonly isCut?: boolean;
    }
  | 'reset';

/** A request that came. */
export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A service on 127.0.0.1 that answers as it is told. */
export interface ScriptedService {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** How many connections were made. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** @returns a service that gives the answers in order, and the last of them from then on */
export async function startScriptedService(script: readonly ScriptedAnswer[]): Promise<ScriptedService> {
  const requests: ReceivedRequest[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const answer = script[Math.min(requests.length, script.length - 1)] ?? {};
    requests.push({ method: request.method, path: request.url, headers: request.headers, body });
    if (answer === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status = 200, body: answered = {}, headers = {}, isCut = false } = answer;
    const bytes = typeof answered === 'string' ? answered : JSON.stringify(answered);
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(bytes) });
    if (isCut) response.write(bytes.slice(0, bytes.length / 2), () => request.socket.destroy());
    else response.end(bytes);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
}
