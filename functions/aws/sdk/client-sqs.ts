import { createHash } from 'node:crypto';
import { PurgerError } from '../../core/model/errors.ts';
import { type Json, JsonClient, type JsonClientOptions, JsonCommand } from './json-client.ts';

/** Stands in for `@aws-sdk/client-sqs` in the functions' bundles: see `docs/adr/0033`. */
export class SQSClient extends JsonClient {
  constructor(options: JsonClientOptions = {}) {
    const retry = { maxAttempts: 3, baseDelayMs: 50 };
    super({ name: 'sqs', variable: 'SQS', target: 'AmazonSQS', version: '1.0', retry }, options);
  }
}

/** SQS says that it has got other texts than those that were sent. */
export class ChecksumError extends PurgerError {
  override readonly name = 'ChecksumError';
}

/** A call that names a queue, which is where it goes: a queue's URL may be of another region. */
abstract class QueueCommand extends JsonCommand {
  override endpoint(): URL {
    return new URL(new URL(String(this.input.QueueUrl)).origin);
  }
}

export class GetQueueAttributesCommand extends QueueCommand {
  readonly operation = 'GetQueueAttributes';
}

interface SentEntry {
  readonly Id?: string;
  readonly MD5OfMessageBody?: string;
}

export class SendMessageBatchCommand extends QueueCommand {
  readonly operation = 'SendMessageBatch';

  override check({ Successful = [] }: Json): void {
    const sums = new Map(
      (Successful as readonly SentEntry[]).map((sent) => [sent.Id, sent.MD5OfMessageBody]),
    );
    const entries = this.input.Entries as readonly { Id: string; MessageBody: string }[];
    const wrong = entries.filter(({ Id, MessageBody }) => sums.has(Id) && sums.get(Id) !== md5(MessageBody));
    if (wrong.length > 0) {
      throw new ChecksumError(
        `Expected ${wrong.length} messages to arrive as they were sent, got other texts`,
      );
    }
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
