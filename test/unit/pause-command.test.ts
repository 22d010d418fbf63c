import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AnsweringAws, startAnsweringAws } from '../helpers/answering-aws.ts';
import { run } from '../helpers/cli.ts';

let aws: AnsweringAws;

beforeAll(async () => {
  const denied = { __type: 'AccessDeniedException', message: 'not yours' };
  aws = await startAnsweringAws((operation) => (operation === 'PutItem' ? denied : undefined));
});
afterAll(() => aws.stop());

test('a pause whose reason cannot be noted ends with 1, and is one', async () => {
  const { exitCode, stdout } = await run(['pause', '--reason', 'ticket 7', '--ready', aws.readyFile]);
  expect([exitCode, stdout]).toEqual([
    1,
    expect.stringMatching(
      /^Paused .*\nThat could not be noted for others: AccessDeniedException: not yours\n/,
    ),
  ]);
});

test('one without a reason has nothing that must be noted', async () => {
  expect(await run(['pause', '--ready', aws.readyFile])).toMatchObject({ exitCode: 0 });
});
