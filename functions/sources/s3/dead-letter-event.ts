import { parseJsonText, valueAt } from '../toolkit/payload.ts';

/**
 * @param body of a dead letter, in the envelope that it came in, or as Lambda leaves an event: in a record's `requestPayload`
 * @returns the event that may be in it, as `receive-s3` gets it; undefined where it is not JSON
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function eventInDeadLetter(body: string): unknown {
  const parsed = parseJsonText(body, 'the message');
  if (parsed.kind === 'malformed') return undefined;
  const { value } = parsed;
  // SQS itself moves a message of a topic as it is; it is read as its queue delivered it, so that its topic counts.
  if (valueAt(value, 'Type') === 'Notification') return { Records: [{ eventSource: 'aws:sqs', body }] };
  return valueAt(value, 'requestPayload') ?? value;
}
