import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { PurgerDescription } from '../../infra/operation/description.ts';
import { descriptionWith } from './purger-description.ts';
import { scratchFolder } from './start.ts';

/**
 * @returns what an operation such as `SendMessageBatch` answers, an error where it has a `__type`; undefined for the answer
 *   of a purger with nothing to do
 */
export type AnswerOf = (
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => object | undefined | Promise<object>;

/** The AWS of a purger, on 127.0.0.1. */
export interface AnsweringAws {
  /** For `--ready`. */
  readonly readyFile: string;
  stop(): void;
}

const noMessages = {
  ApproximateNumberOfMessages: '0',
  ApproximateNumberOfMessagesNotVisible: '0',
  ApproximateNumberOfMessagesDelayed: '0',
};

/** Answers of a purger that runs, and has nothing to do. */
const idle: Readonly<Record<string, object>> = {
  GetQueueAttributes: { Attributes: noMessages },
  GetEventSourceMapping: { State: 'Enabled' },
  DescribeRule: { State: 'ENABLED' },
};

/** Starts the AWS of a purger, for commands that run in this process. */
export async function startAnsweringAws(
  answerOf: AnswerOf,
  fields: Partial<PurgerDescription> = {},
): Promise<AnsweringAws> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    // Lambda alone says by method and path what is asked.
    const [, operation = 'GetEventSourceMapping'] = String(request.headers['x-amz-target'] ?? '').split('.');
    const input = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
    const answer = (await answerOf(operation, input)) ?? idle[operation] ?? {};
    const status = '__type' in answer ? 400 : 200;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scratch = scratchFolder();
  const readyFile = scratch.path('ready.json');
  const queues = { buffer: `${url}/1/buffer`, deadLetters: `${url}/1/dead` };
  const endpoints = { sqs: url, dynamodb: url, secretsManager: url, lambda: url, eventBridge: url };
  const operation = { purger: descriptionWith({ queues, ...fields }), region: 'eu-west-1', endpoints };
  writeFileSync(readyFile, JSON.stringify({ operation }));
  return {
    readyFile,
    stop: () => {
      server.close();
      server.closeAllConnections();
      scratch.remove();
    },
  };
}
