import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLoopbackServer } from '../cdn-pro/loopback-server.ts';
import type { Actions } from './actions.ts';
import type { Asset } from './assets.ts';
import type { Feed } from './feed.ts';

/** What the server serves. */
export interface PageServerOptions {
  /** By path; made when the first is asked for. */
  readonly assets: () => Promise<Readonly<Record<string, Asset>>>;
  readonly feed: Pick<Feed, 'listen'>;
  readonly actions: Pick<Actions, 'run'>;
}

/** Nothing but what this server has. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the page on any free port of 127.0.0.1. */
export async function servePage(options: PageServerOptions) {
  return startLoopbackServer((request, response) => {
    handle(options, request, response).catch((error: Error) => answer(response, 500, error.message));
  });
}

async function handle(
  { assets, feed, actions }: PageServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  request.resume();
  if (method === 'GET' && url === '/events') return sendEvents(feed, response);
  if (method === 'GET') return sendAsset((await assets())[url], response);
  const name = /^\/actions\/(\w+)$/.exec(url)?.[1];
  if (method !== 'POST' || name === undefined) return answer(response, 404, 'There is nothing here.');
  // Any site that is open in the same browser can post to this address.
  if (!isOwnOrigin(request)) return answer(response, 403, 'Only the page itself may do this.');
  return runAction(actions, name, response);
}

function isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin !== undefined && origin === `http://${host}`;
}

function sendAsset(asset: Asset | undefined, response: ServerResponse): void {
  if (asset === undefined) {
    answer(response, 404, 'There is nothing here.');
    return;
  }
  response.writeHead(200, {
    'content-type': asset.type,
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(asset.body);
}

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function sendEvents(feed: Pick<Feed, 'listen'>, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const end = feed.listen((view) => response.write(`data: ${JSON.stringify(view)}\n\n`));
  response.on('close', end);
}

async function runAction(
  actions: Pick<Actions, 'run'>,
  name: string,
  response: ServerResponse,
): Promise<void> {
  try {
    const done = await actions.run(name);
    if (done === undefined) return answer(response, 404, `There is no action ${name}.`);
    return answer(response, 200, done);
  } catch (error) {
    return answer(response, 409, error instanceof Error ? error.message : String(error));
  }
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  const headers = { 'content-type': 'text/plain;charset=utf-8', 'x-content-type-options': 'nosniff' };
  response.writeHead(status, headers).end(`${sentence}\n`);
}
