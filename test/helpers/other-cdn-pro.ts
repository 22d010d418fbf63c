import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A CDN Pro API that keeps what it was asked for and answers what a test wants. */
export interface OtherCdnPro {
  readonly url: string;
  /** Every URL that was accepted. */
  readonly accepted: Set<string>;
  /** The tokens that it says are left; it does not say so where they are undefined. */
  tokensLeft: { readonly filePurgeTokens: number; readonly dirPurgeTokens: number } | undefined;
  /** The purges, by ID, that it lists as under way; it lists none where they are undefined. */
  underway: readonly string[] | undefined;
  /** The hosts that it says are deployed; it does not say so where they are undefined. */
  hostnames: readonly string[] | undefined;
  readonly stop: () => void;
}

/**
 * Starts one on 127.0.0.1.
 * @param statusOf the status that a request with this body gets
 */
export async function startOtherCdnPro(statusOf: (body: string) => number): Promise<OtherCdnPro> {
  const accepted = new Set<string>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.method === 'GET' && request.url?.includes('hostnames') && api.hostnames !== undefined) {
      const hostnames = api.hostnames.map((hostname) => ({ hostname }));
      response.writeHead(200).end(JSON.stringify({ count: hostnames.length, hostnames }));
      return;
    }
    if (request.method === 'GET' && request.url?.startsWith('/cdn/purges?') && api.underway !== undefined) {
      const purgeRequests = api.underway.map((id) => ({ id, status: 'inprogress', successRate: 0 }));
      response.writeHead(200).end(JSON.stringify({ purgeRequests }));
      return;
    }
    if (request.method === 'GET') {
      const isKnown = request.url?.includes('purgeTokens') && api.tokensLeft !== undefined;
      response.writeHead(isKnown ? 200 : 404).end(JSON.stringify(api.tokensLeft ?? {}));
      return;
    }
    const status = statusOf(body);
    const { fileUrls = [], dirUrls = [] } = JSON.parse(body) as { fileUrls?: string[]; dirUrls?: string[] };
    if (status === 201) for (const url of [...fileUrls, ...dirUrls]) accepted.add(url);
    const headers = {
      ...(status === 201 ? { location: `http://${request.headers.host}/cdn/purges/${accepted.size}` } : {}),
      ...(status === 429 ? { 'retry-after': '1' } : {}),
    };
    const code = status === 400 ? { code: 'InvalidPurgeUrl' } : {};
    response.writeHead(status, headers).end(JSON.stringify({ ...code, message: `The answer is ${status}.` }));
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as AddressInfo;
  const api: OtherCdnPro = {
    url: `http://127.0.0.1:${port}`,
    accepted,
    tokensLeft: undefined,
    underway: undefined,
    hostnames: undefined,
    stop: () => server.close(),
  };
  return api;
}
