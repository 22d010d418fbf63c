import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The account that moto answers for: https://docs.getmoto.org/en/latest/docs/multi_account.html */
export const motoAccountId = '123456789012';

/** moto, listening on 127.0.0.1 and empty. */
export interface Moto {
  /** Its URL, for every service, without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** How moto can be started here: https://docs.getmoto.org/en/latest/docs/server_mode.html */
const commands = [['moto_server'], ['python3', '-m', 'moto.server']] as const;

/** @returns the command that starts moto's server here; undefined where there is none */
export function findMoto(): readonly [string, ...string[]] | undefined {
  return commands.find(([name, ...args]) => spawnSync(name, [...args, '--help']).status === 0);
}

/**
 * Starts moto's server on a free port.
 * @throws Error with what it wrote, where it ends or does not answer within a minute
 */
export async function startMoto(): Promise<Moto> {
  const command = findMoto();
  if (command === undefined) throw new Error('Expected moto_server on the PATH, got none');
  const [name, ...args] = command;
  const port = await freePort();
  const child = spawn(name, [...args, '--host', '127.0.0.1', '--port', String(port)], {
    // One line of log for each request would fill the pipe of its stderr, which nobody reads later.
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, MOTO_PORT: String(port), MOTO_ACCOUNT_ID: motoAccountId },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4000);
  });
  const url = `http://127.0.0.1:${port}`;
  const untilMs = Date.now() + 60_000;
  while (!(await answers(url))) {
    if (hasEnded(child) || Date.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`Expected ${command.join(' ')} to listen on ${url}, got:\n${log}`);
    }
    await sleep(100);
  }
  return {
    url,
    async stop() {
      if (hasEnded(child)) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/moto-api/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** moto takes a port and does not say which it got where that is 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Expected a port on 127.0.0.1');
  return address.port;
}
