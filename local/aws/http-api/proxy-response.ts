import { isRecord } from '../../../functions/core/model/record.ts';
import type { InvocationResult } from '../lambda/invocation.ts';

/** The answer to the client. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** @returns the answer for a function's result: as payload format 2.0 says, or AWS's own error */
export function readProxyResponse(result: InvocationResult): HttpAnswer {
  if (result.outcome === 'stopped') return errorAnswer(503, 'Service Unavailable');
  if (result.outcome === 'failed') return errorAnswer(500, 'Internal Server Error');
  const { payload } = result;
  if (!isRecord(payload) || payload.statusCode === undefined) {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return answer(200, { 'content-type': 'application/json' }, body);
  }
  const statusCode = Number(payload.statusCode);
  const { headers = {}, body = '' } = withoutNulls(payload);
  const isValid = Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599;
  if (!isValid || typeof body !== 'string' || !isRecord(headers)) {
    return errorAnswer(500, 'Internal Server Error');
  }
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const bytes = Buffer.from(body, payload.isBase64Encoded === true ? 'base64' : 'utf8');
  const all = { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(named) };
  return answer(statusCode, all, bytes);
}

function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}

function answer(statusCode: number, headers: Record<string, string>, body: string | Buffer): HttpAnswer {
  return { statusCode, headers, body: typeof body === 'string' ? Buffer.from(body) : body };
}

/** @returns an error of API Gateway itself */
export function errorAnswer(statusCode: number, message: string): HttpAnswer {
  return answer(statusCode, { 'content-type': 'application/json' }, JSON.stringify({ message }));
}
