import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A CDN Pro API of someone else's making: it keeps what it was asked for, and refuses one host. */
export interface OtherApi {
  readonly url: string;
  readonly bodies: { fileUrls?: string[]; dirUrls?: string[]; target: string; action: string }[];
  readonly server: Server;
}

/** Starts it on 127.0.0.1. */
export async function startOtherApi(): Promise<OtherApi> {
  const bodies: OtherApi['bodies'] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      // It tells neither tokens nor quotas.
      response.writeHead(404).end();
      return;
    }
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text) as OtherApi['bodies'][number];
    bodies.push(body);
    response.setHeader('x-cnc-request-id', `r${bodies.length}`);
    if (body.fileUrls?.some((url) => url.includes('//undeployed.example/'))) {
      const message = "The host 'undeployed.example' has not been deployed in the 'production' environment.";
      response.writeHead(400).end(JSON.stringify({ code: 'InvalidPurgeUrl', message }));
    } else {
      response.writeHead(201, { location: `http://api.example/cdn/purges/p${bodies.length}` }).end();
    }
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, server };
}
