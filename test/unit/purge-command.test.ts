import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMessage } from '../../functions/core/model/purge-message.ts';
import { type AnsweringAws, startAnsweringAws } from '../helpers/answering-aws.ts';
import { run } from '../helpers/cli.ts';

interface Sent {
  readonly Id: string;
  readonly MessageBody: string;
}

let aws: AnsweringAws;
/** Which messages SQS refuses, by their order. */
let refused: readonly number[] = [];
/** What it has taken. */
let taken: string[] = [];
let count = 0;

beforeAll(async () => {
  aws = await startAnsweringAws((operation, input) => {
    if (operation !== 'SendMessageBatch') return undefined;
    const Failed: object[] = [];
    const Successful: object[] = [];
    for (const { Id, MessageBody } of input.Entries as readonly Sent[]) {
      const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
      if (refused.includes(count++))
        Failed.push({ Id, Code: 'Denied', Message: 'not now', SenderFault: true });
      else {
        Successful.push({ Id, MessageId: Id, MD5OfMessageBody });
        taken.push(MessageBody);
      }
    }
    return { Failed, Successful };
  });
});
afterAll(() => aws.stop());

/** Too many for one message. */
const urls = Array.from({ length: 1500 }, (_, index) => `https://h.example/${index}/${'a'.repeat(900)}`);
const purge = async (...options: readonly string[]) => {
  [count, taken] = [0, []];
  const given = { readStdin: async () => urls.join('\n') };
  return run(['purge', '-', '--yes', ...options, '--ready', aws.readyFile], given);
};

const takenUrls = () =>
  taken.flatMap((body) => {
    const read = readMessage(body);
    return read.kind === 'message'
      ? read.message.entries.flatMap((each) => ('url' in each ? each.url : []))
      : [];
  });

test('of a purge of which SQS takes a part, it says what was queued, what was not, and why', async () => {
  refused = [1];
  const { exitCode, stdout, stderr } = await purge('--json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  const { queued, unsent } = JSON.parse(stdout);
  expect(taken.length).toBeGreaterThan(0);
  expect(queued).toBe(takenUrls().length);
  const left = unsent.map(({ url }: { readonly url: string }) => url);
  expect([...takenUrls(), ...left].toSorted()).toEqual(urls.toSorted());
  expect(unsent[0].reason).toBe('Denied: not now');
  const inWords = await purge('--wait');
  expect(inWords.exitCode).toBe(1);
  expect(inWords.stdout).toMatch(
    /^750 of 1500 queued\. SQS has not taken the others, since Denied: not now:\n {2}https:.*\n {2}\.\.\. and 730 more\nPurge these again; --json has all of them\.$/s,
  );
});

test('of a purge that SQS takes as a whole, nothing is left', async () => {
  refused = [];
  const { exitCode, stdout } = await purge('--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ queued: 1500 });
  expect(takenUrls().toSorted()).toEqual(urls.toSorted());
});
