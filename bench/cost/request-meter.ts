import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { unitsOf } from './usage.ts';

/** A request that an emulator of this process answered. */
export interface MeteredRequest {
  /** What the client says it asks, e.g. `AmazonSQS` and `SendMessageBatch`; empty in other protocols than JSON. */
  readonly service: string;
  readonly action: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
}

/** Counts what the emulators are asked for. */
export interface RequestMeter {
  readonly requests: readonly MeteredRequest[];
  readonly stop: () => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Meters every request to a server of this process from now on. https://nodejs.org/api/diagnostics_channel.html#http */
export function startRequestMeter(): RequestMeter {
  const requests: MeteredRequest[] = [];
  const onStart = (message: unknown) => {
    const { request, response } = message as Exchange;
    const startMs = performance.now();
    const [service = '', action = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    response.once('finish', () => {
      requests.push({
        service,
        action,
        requestBytes: Number(request.headers['content-length'] ?? 0),
        responseBytes: Number(response.getHeader('content-length') ?? 0),
        durationMs: performance.now() - startMs,
      });
    });
  };
  subscribe('http.server.request.start', onStart);
  return { requests, stop: () => unsubscribe('http.server.request.start', onStart) };
}

/** A receive that waited so long in vain is one of a queue at rest, which is paid by the month. */
const idleReceiveMs = 15_000;
const sqsUnitBytes = 64 * 1024;

/**
 * @returns the requests to SQS as they are billed, by action, less those of pollers at rest. The bytes are those on the
 *   wire, which are a little more than the messages' own.
 */
export function sqsRequestsOf(requests: readonly MeteredRequest[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { service, action, requestBytes, responseBytes, durationMs } of requests) {
    // Only the benchmark itself asks how long a queue is, since no function does.
    if (service !== 'AmazonSQS' || action === 'GetQueueAttributes') continue;
    if (action === 'ReceiveMessage' && durationMs > idleReceiveMs) continue;
    const units = unitsOf(Math.max(requestBytes, responseBytes), sqsUnitBytes);
    counts[action] = (counts[action] ?? 0) + units;
  }
  return counts;
}

/** @returns the units that DynamoDB bills; the bytes on the wire, with their field names, are more than the item's own */
export function dynamodbUnitsOf(requests: readonly MeteredRequest[]) {
  let readUnits = 0;
  let writeUnits = 0;
  for (const { action, requestBytes, responseBytes } of requests) {
    if (action === 'GetItem') readUnits += unitsOf(responseBytes, 4096);
    if (action === 'PutItem') writeUnits += unitsOf(requestBytes, 1024);
  }
  return { readUnits, writeUnits };
}
