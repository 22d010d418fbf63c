import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../helpers/cli.ts';
import { descriptionWith } from '../helpers/purger-description.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
const ready = scratch.path('ready.json');
const list = scratch.path('list.txt');
const nothing = scratch.path('nothing.txt');

beforeAll(() => {
  // Nothing listens there: what is wrong is found before anything is asked.
  const url = 'http://127.0.0.1:1';
  const queues = { buffer: `${url}/1/buffer`, deadLetters: `${url}/1/dead` };
  const endpoints = { sqs: url, dynamodb: url, lambda: url, secrets: url, s3: url };
  const operation = { purger: descriptionWith({ queues }), region: 'eu-west-1', endpoints };
  writeFileSync(ready, JSON.stringify({ operation }));
  writeFileSync(list, 'https://h.example/a\nnope\n');
  writeFileSync(nothing, '# none\n');
});
afterAll(() => scratch.remove());

const page = 'https://h.example/a';

/** Of each command, what may be wrong with what follows its name, and what the error names. */
const wrong: Readonly<Record<string, readonly (readonly [args: string[], names: string])[]>> = {
  status: [],
  why: [
    [[], 'Expected a URL, got none'],
    [['nope'], '"nope"'],
    [[`${page}/*`], 'wildcard'],
    [[page, 'https://h.example/b'], 'https://h.example/b'],
    [[page, '--edge-at', 'a/b'], '--edge-at'],
    [[page, '--origin', 'ftp://h'], '--origin'],
    [[page, '--logs', 'soon'], '--logs'],
    [[page, '--stage', 'x'], '--stage'],
    [[page, '--config', 'nope.json'], 'nope.json'],
  ],
  wait: [
    [['nope'], '"nope"'],
    [['--under', 'h.example'], '--under'],
    [['--since', 'soon'], '--since'],
    [['--timeout', '0s'], '--timeout'],
    [[page, '--under', page], '--under'],
  ],
  tail: [],
  report: [
    [['--url', 'nope'], '"nope"'],
    [['--url', page, '--since', '1d'], '--since'],
    [['--since', 'soon'], '--since'],
    [['--list', list], '"nope"'],
    [['--list', 'nope.txt'], 'nope.txt'],
    [['--config', 'x.json'], '--list'],
    [['--url', page, '--config', 'x.json'], '--config'],
    [['--url', page, '--stage', 'x'], '--stage'],
    [['--list', nothing], nothing],
  ],
  waiting: [
    [['--cancel'], 'got none'],
    [['--cancel', 'nope'], '"nope"'],
    [['--cancel', page, 'nope'], '"nope"'],
    [['--delete'], '--cancel'],
  ],
  purge: [
    [[], 'got none'],
    [['nope'], '"nope"'],
    [[page, 'nope'], '"nope"'],
    [['any://h.example/(', page], 'any://h.example/('],
    [['--file', list], '"nope"'],
    [['--file', nothing], 'got none'],
    [['--file', 'nope.txt'], 'nope.txt'],
    [[page, '--timeout', '1h'], '--timeout'],
    [[page, '--wait', '--timeout', 'x'], '--timeout'],
    [[page, '--reason', ' '], '--reason'],
    [['-'], 'got none'],
  ],
  quota: [],
  dead: [
    [['--host', 'https://h.example/'], '--host'],
    [['--host', ''], '--host'],
    [['--reason', ''], '--reason'],
  ],
  redrive: [
    [['--host', 'https://h.example/'], '--host'],
    [['--host', ''], '--host'],
    [['--reason', ''], '--reason'],
  ],
  pause: [[['--reason', ''], '--reason']],
  resume: [],
  doctor: [
    [['--measure'], '--target'],
    [['--measure', '--target', 'production'], '--target'],
    [['--measure', '--target', 'staging', '--host', 'a b'], '--host'],
    [['--measure', '--target', 'staging', '--url', page], '--edge'],
    [['--measure', '--target', 'staging', '--url', 'nope', '--edge', 'e'], '--url'],
    [['--measure', '--target', 'staging', '--url', page, '--edge', 'a b'], '--edge'],
    [['--host', 'h.example'], '--host'],
  ],
  send: [
    [[], 'Expected a source'],
    [['nope'], 'nope'],
    [['contentful', 'nope'], 'nope'],
    [['contentful', 'publish', 'x'], '"x"'],
    [['contentful', 'publish', '--field', 'slug'], 'slug'],
    [['contentful', 'publish', '--webhook', 'nope'], 'nope'],
    [['contentful', 'publish', '--url', 'nope'], '--url'],
  ],
  init: [
    [[], '--host'],
    [['--host', 'a b', '--bucket', 'b'], '--host'],
    [['--host', 'h.example'], '--bucket'],
    [['--host', 'h.example', '--bucket', 'B!'], 'B!'],
    [['--host', 'h.example', '--webhook', 'nope'], 'nope'],
    [['--host', 'h.example', '--bucket', 'my-bucket', '--file', 'a.yml'], '--file'],
    [['--host', 'h.example', '--bucket', 'my-bucket', '--target', 'x'], 'target'],
  ],
  explain: [
    [[], 'got none'],
    [['s3://b/k', '--ready', ready, '--stack', 'S'], 'both'],
    [['nope'], 'nope'],
    [['s3://b'], 's3://b'],
    [['https://h.example/a', 's3://b/k'], 's3://b/k'],
    [['https://h.example/*'], 'https://h.example/*'],
    [['s3://b/k', '--action', 'x'], '--action'],
    [['--event', 'nope.json'], 'nope.json'],
    [['--prefix', 's3://b'], '--dir'],
    [['--dir', 'infra', '--prefix', 'x'], '--prefix'],
    [['s3://b/k', '--assembly', 'nope'], 'nope'],
    [['s3://b/k', '--rules', 'nope.json'], 'nope.json'],
  ],
};
const withoutPurger = ['init', 'explain'];
const withArguments = ['why', 'wait', 'purge', 'waiting', 'send', 'explain'];

/** What may be wrong with any command. */
function commonOf(command: string): readonly (readonly [args: readonly string[], names: string])[] {
  return [
    [['--nope'], '--nope'],
    [['--json=x'], '--json'],
    ...(command === 'init' ? [] : [[['--ready'], '--ready'] as const]),
    ...(withArguments.includes(command) ? [] : [[['surplus'], 'surplus'] as const]),
    ...(command === 'init' || withArguments.includes(command)
      ? []
      : [[['--ready', ready, '--stack', 'S'], 'both'] as const]),
  ];
}

const cases = Object.entries(wrong).flatMap(([command, own]) =>
  [
    ...own.map(([args, names]) => {
      const given = withoutPurger.includes(command) ? [] : ['--ready', ready];
      return { args: [command, ...args, ...given], names };
    }),
    ...commonOf(command).map(([args, names]) => ({ args: [command, ...args], names })),
  ].map((each) => ({ ...each, call: each.args.join(' ').replaceAll(scratch.path(''), '') })),
);

/** @returns three words that a sentence has twice in a row of its own, in any case */
function doubledIn(sentence: string): string | undefined {
  const words = sentence.toLowerCase().match(/[\w'/.:-]+/g) ?? [];
  const phrases = words.slice(2).map((_, index) => words.slice(index, index + 3).join(' '));
  return phrases.find((phrase, index) => phrases.indexOf(phrase) < index);
}

test('the table has every command', async () => {
  const { stdout } = await run(['--help']);
  const known = [...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
  expect([...Object.keys(wrong), 'dev'].toSorted()).toEqual(known.toSorted());
});

test.each(cases)('$call ends with 2, and with what is wrong, said once', async ({ args, names }) => {
  const { exitCode, stdout, stderr } = await run(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(names);
  const [sentence = ''] = stderr.split('\n\nSee: ');
  expect(doubledIn(sentence)).toBeUndefined();
});

test.each(cases.filter(({ args }) => !args.includes('--json=x')))(
  '$call --json ends with 2, and with the same in JSON',
  async ({ args, names }) => {
    // Before what may lack its value.
    const [command = '', ...rest] = args;
    const { exitCode, stdout, stderr } = await run([command, '--json', ...rest]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    const { error } = JSON.parse(stdout) as { readonly error: Error };
    expect(error).toEqual({
      name: expect.stringMatching(/^(Usage|Config)Error$/),
      message: expect.any(String),
    });
    expect(error.message).toContain(names);
  },
);
