import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';

/** Idle connections outlive the pauses of a test or a demo, so that no client reuses one just as it is closed. */
const KEEP_ALIVE_MS = 60_000;

/** An HTTP server on the loopback interface. */
export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and cuts every open connection, hung ones too. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an HTTP server on 127.0.0.1 and returns it once it listens. Port 0 stands for any free port.
 * Rejects with a message that names the port when it is in use.
 */
export async function startLoopbackServer(listener: RequestListener, port = 0): Promise<LoopbackServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener);
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
 * Returns the bytes of a request's body, or `undefined` when they are more than `maxBytes`; the rest is read
 * and dropped, so that the client sees the answer rather than a broken pipe. Rejects when the client goes away.
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
