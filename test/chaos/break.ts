import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy that can be cut: what the emulator behind it looks like when it is gone. */
export async function startSwitch(targetPort: () => number) {
  let isUp = true;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (!isUp) {
      socket.destroy();
      return;
    }
    const target = connect(targetPort(), '127.0.0.1');
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async cutFor(ms: number) {
      isUp = false;
      for (const socket of sockets) socket.destroy();
      await sleep(ms);
      isUp = true;
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/**
 * Kills the functions of a kind that run right now, as a machine that fails would.
 * @param mark what only their code has, such as the name of one of their log events
 * @returns how many
 */
export function killFunctions(assembly: string, mark: string): number {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  const pids = lines.flatMap((line) => {
    const [, pid, asset] = /^\s*(\d+) .*host\.mjs (\S+)/.exec(line) ?? [];
    if (pid === undefined || asset === undefined || !asset.startsWith(assembly)) return [];
    return readFileSync(join(asset, 'handler.mjs'), 'utf8').includes(mark) ? [Number(pid)] : [];
  });
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}
