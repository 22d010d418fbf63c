import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isRecord } from '../../../functions/core/model/record.ts';
import { LocalStackError } from '../template/errors.ts';

/** A port that was asked for is in use. */
export class PortInUseError extends LocalStackError {
  override readonly name = 'PortInUseError';
  constructor(port: number, purpose: string) {
    super(`Port ${port} is in use; the local stack wanted it for ${purpose}. Free it or choose another one.`);
  }
}

/** Ends a server, a client or a child. */
export type Stop = () => Promise<void> | void;

/** Runs every stop at once, and waits for all of them, whether they fail or not. */
export async function stopAll(stops: readonly Stop[]): Promise<void> {
  await Promise.allSettled(stops.map(async (stop) => stop()));
}

/**
 * Makes a server listen on 127.0.0.1.
 * @param port any free one where it is undefined.
 * @returns the server's URL, without a trailing slash.
 * @throws {PortInUseError} that names the port and its purpose.
 */
export async function listen(server: Server, port: number | undefined, purpose: string): Promise<string> {
  await new Promise<void>((settle, reject) => {
    server.once('error', reject);
    server.listen({ port: port ?? 0, host: '127.0.0.1' }, settle);
  }).catch((error) => refusePort(error, port, purpose));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends a server and its open connections at once. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((settle) => {
    server.close(() => settle());
    server.closeAllConnections();
  });
}

/** Throws a PortInUseError for an error that means this, else the error itself. */
export function refusePort(error: unknown, port: number | undefined, purpose: string): never {
  const isTaken = isRecord(error) && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
  throw isTaken && port !== undefined ? new PortInUseError(port, purpose) : error;
}
