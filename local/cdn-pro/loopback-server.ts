import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { isLoopbackHost, refuseOtherHosts } from '../loopback/hosts.ts';

/** Idle connections outlive the pauses of a test or a demo, so that no client reuses one just as it is closed. */
const keepAliveMs = 60_000;

/** An HTTP server on the loopback interface. */
export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and closes every open connection, hung ones too. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an HTTP server on 127.0.0.1.
 * @param port 0 for any free port
 * @param isAllowed which `Host` headers it answers; by default those that name this machine
 * @returns the server, once it listens; rejects with a message that names the port when it is in use
 */
export async function startLoopbackServer(
  listener: RequestListener,
  port = 0,
  isAllowed = isLoopbackHost,
): Promise<LoopbackServer> {
  const server = createServer({ keepAliveTimeout: keepAliveMs }, refuseOtherHosts(listener, isAllowed));
  const actualPort = await listen(server, port);
  return { url: `http://127.0.0.1:${actualPort}`, port: actualPort, stop: () => stop(server) };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      reject(inUse ? new Error(`Port ${port} on 127.0.0.1 is in use`, { cause }) : cause);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Reads a request's body. What is over `maxBytes` is read and dropped, so that the client sees the answer and not a
 * broken pipe.
 * @returns its bytes; `undefined` when they are more than `maxBytes`. Rejects when the client disconnects
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : undefined;
}
