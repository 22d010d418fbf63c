import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';

/** An event that was put onto a bus. */
export interface EventEntry {
  readonly source: string;
  readonly detailType: string;
  /** JSON. */
  readonly detail: string;
}

const putEventsSchema = z.object({
  Entries: z
    .array(z.object({ Source: z.string().min(1), DetailType: z.string().min(1), Detail: z.string().min(1) }))
    .min(1)
    .max(10),
});

/**
 * Answers one request to EventBridge in the AWS JSON 1.1 protocol: PutEvents. No rule of the stack waits for such events.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export async function answerEvents(
  request: IncomingMessage,
  response: ServerResponse,
  onEvent: (event: EventEntry) => void,
): Promise<void> {
  const isPut = request.headers['x-amz-target'] === 'AWSEvents.PutEvents';
  const body = putEventsSchema.safeParse(await json(request).catch(() => undefined));
  if (!isPut || !body.success) {
    const type = isPut ? 'ValidationException' : 'UnknownOperationException';
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-ErrorType': type });
    response.end(JSON.stringify({ __type: type, message: 'Expected PutEvents with 1 to 10 entries.' }));
    return;
  }
  const { Entries } = body.data;
  for (const { Source, DetailType, Detail } of Entries) {
    onEvent({ source: Source, detailType: DetailType, detail: Detail });
  }
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(
    JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) }),
  );
}
