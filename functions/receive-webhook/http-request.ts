import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { WebhookRequest } from '../sources/webhook-source.ts';

/** @returns the request as its sender made it: bytes, and the path that a signature may cover */
export function readHttpRequest(event: APIGatewayProxyEventV2): WebhookRequest {
  const { requestContext, rawPath, rawQueryString, headers, body, isBase64Encoded } = event;
  return {
    method: requestContext.http.method,
    path: rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value ?? '']),
    ),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}
