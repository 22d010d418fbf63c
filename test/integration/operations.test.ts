import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import { createParkedTable } from '../../functions/aws/tables/parked-table.ts';
import type { WatchEvent } from '../../infra/cli/purger/history/watch.ts';
import type { UrlLines } from '../../infra/cli/queries/logs/url-lines.ts';
import type { Pause } from '../../infra/cli/queries/pause.ts';
import type { Status } from '../../infra/cli/queries/status.ts';
import type { WaitingReport } from '../../infra/cli/queries/waiting.ts';
import type { EdgesNow } from '../../infra/cli/queries/why/edge-now.ts';
import type { WhyReport } from '../../infra/cli/queries/why/why.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { localCredentials } from '../../local/aws/emulators/emulators.ts';
import { localCredentials as cdnProCredentials } from '../../local/demo/secrets.ts';
import { callerArn, silenceBucket, startAwsStub } from '../helpers/aws-stub.ts';
import { cliOf, run } from '../helpers/cli.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { eventually, type StartedStack, scratchFolder, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'my-bucket' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } }],
  paused: true,
};

let isDeployed = true;
let cdnPro: OtherCdnPro;
let stack: StartedStack;
let cli: ReturnType<typeof cliOf>;
const scratch = scratchFolder();
const configFile = scratch.path('config.json');

beforeAll(async () => {
  cdnPro = await startOtherCdnPro(() => (isDeployed ? 201 : 400));
  stack = await startStack(config, '--cdn-pro', cdnPro.url);
  cli = cliOf(stack.ready);
  writeFileSync(configFile, JSON.stringify(config));
});

// What a test that fails leaves behind fails no other.
afterEach(async () => {
  isDeployed = true;
  await cli(['resume']);
});

afterAll(async () => {
  await stack?.stop();
  cdnPro?.stop();
  scratch.remove();
});

const put = (key: string) =>
  fetch(`${stack.ready.s3.endpoint}/my-bucket/${key}`, { method: 'PUT', body: 'x' });
const isAccepted = (key: string) => cdnPro.accepted.has(`https://h.example/${key}`);

async function asked<Answer>(...args: readonly string[]): Promise<Answer> {
  const { stdout, stderr } = await cli([...args, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Answer;
}

const status = () => asked<Status>('status');
const why = (key: string) => asked<WhyReport>('why', `https://h.example/${key}`);

/** CDN Pro finishes the purge of a page, which is put before where that is still to be done. */
async function complete(key: string): Promise<void> {
  if ((await why(key)).state === 'completed') return;
  await cli(['resume']);
  if ((await why(key)).state === 'unknown') await put(key);
  expect(await eventually(async () => (await why(key)).state === 'purging')).toBe(true);
  const [purge] = (await why(key)).purges;
  const { endpoint, journalTable: tableName } = stack.ready.dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
  const journal = createJournal({ client, tableName, nowMs: Date.now });
  const followed = (await journal.open(100)).find(({ purgeId }) => purgeId === purge?.purgeId);
  if (followed === undefined) throw new Error('expected the purge to be followed');
  const ended = await journal.write(followed, {
    kind: 'completed',
    successRate: 100,
    finishedMs: Date.now(),
  });
  if (ended !== undefined) await journal.close(ended);
  client.destroy();
}

/** Looks at once again. */
const soon = { sleep: () => sleep(100) };

test('while submission is paused changes wait, and when it is resumed all of them are purged', async () => {
  expect(await status()).toMatchObject({ fresh: true, paused: true, waiting: 0, open: 0, deadLetters: 0 });
  const keys = Array.from({ length: 20 }, (_, index) => `page-${index}`);
  await Promise.all(keys.map(put));
  // Changes that arrive together share messages.
  const isQueued = async () => (await asked<WaitingReport>('waiting')).queue.visible > 0;
  expect(await eventually(isQueued)).toBe(true);
  expect(await status()).toMatchObject({ fresh: false, waiting: expect.any(Number) });
  const waiting = await cli(['waiting']);
  expect(waiting).toMatchObject({ exitCode: 1, stderr: '' });
  expect(waiting.stdout).toMatch(/^[1-9]\d* messages? in the purge queue: [1-9]\d* ready/);
  expect(cdnPro.accepted).toEqual(new Set());
  expect(await cli(['resume'])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await eventually(() => keys.every(isAccepted))).toBe(true);
  expect(await eventually(async () => (await status()).waiting === 0)).toBe(true);
  // This API tells of no purge how far it has come.
  const { open, ...rest } = await status();
  expect(rest).toMatchObject({ fresh: false, paused: false });
  expect(open).toBeGreaterThan(0);
  expect(await eventually(async () => (await why('page-7')).state === 'purging')).toBe(true);
  const report = await why('page-7');
  expect(report).toMatchObject({
    url: 'https://h.example/page-7',
    changes: [
      { source: 's3', action: 'put', id: 's3://my-bucket/page-7', rules: ['rules[0]'], state: 'purging' },
    ],
    purges: [
      {
        lane: 'people',
        target: 'production',
        entries: ['https://h.example/page-7'],
        repair: 0,
        messages: [expect.stringMatching(/^[\w-]{36}$/)],
      },
    ],
    notes: [],
  });
  await complete('page-7');
  expect(await why('page-7')).toMatchObject({ state: 'completed', purges: [{ successRate: 100 }] });
  const inWords = await cli(['why', 'http://h.example/page-7']);
  expect(inWords).toMatchObject({ exitCode: 0, stderr: '' });
  expect(inWords.stdout).toMatch(
    /changed +s3: put s3:\/\/my-bucket\/page-7, by the rule "rules\[0\]"\n.*accepted +purge /,
  );
  const page = (number: number) => `https://h.example/page-${number}`;
  expect(await cli(['wait', page(7)], soon)).toMatchObject({
    exitCode: 0,
    stdout: 'Done: 0 fresh, 1 completed.',
    stderr: '',
  });
  // What is not there at all is waited for, too.
  const missing = await cli(['wait', page(7), page(99), '--timeout', '1s', '--json'], soon);
  expect(missing.exitCode).toBe(3);
  expect(JSON.parse(missing.stdout)).toMatchObject({
    timedOut: true,
    open: [{ url: page(99), state: 'unknown' }],
  });
  const under = await cli(['wait', '--under', page(7), '--json'], soon);
  expect(JSON.parse(under.stdout)).toMatchObject({ outcome: 'done', counts: { completed: 1 }, open: [] });
  // What comes in addition, as the logs do, is printed after what the journal has.
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const other = ['why', 'https://other.example/', '--edge', '--config', configFile];
  const { exitCode, stdout } = await cli(other, { print });
  const noRule = 'no rule makes URLs of the host other.example, only of h.example';
  expect(printed.join('')).toContain(noRule);
  expect(printed.join('')).not.toContain('Next: ');
  expect(stdout).toContain('No change purges it');
  expect(stdout).toMatch(
    new RegExp(
      `Not looked at:\\n {2}edges: ${noRule}\\n\\nNext: npx cdn-purger explain s3://BUCKET/KEY .*\\n {6}npx cdn-purger doctor `,
    ),
  );
  expect(exitCode).toBe(1);
});

test('why looks at the edge, too, against the object or an origin that is named', async () => {
  const page = 'https://h.example/page-7';
  await complete('page-7');
  const now = async (...args: readonly string[]) => {
    const { exitCode, stdout } = await cli(['why', page, ...args, '--json']);
    return { exitCode, now: (JSON.parse(stdout) as { readonly now: EdgesNow }).now };
  };
  const same = await now('--edge');
  expect(same).toMatchObject({
    exitCode: 0,
    now: {
      origin: { from: 's3://my-bucket/page-7', status: 200, etag: expect.any(String) },
      edges: [
        { address: '127.0.0.1', status: 200, cacheStatus: 'MISS', version: 'same' },
        { version: 'same', meaning: 'it shows the version of the origin' },
      ],
    },
  });
  const { etag } = same.now.origin ?? {};
  const origin = createServer((_, response) => {
    response.writeHead(200, { etag: '"new"', 'last-modified': new Date(Date.now() + 60_000).toUTCString() });
    response.end();
  });
  await new Promise<void>((settle) => origin.listen(0, '127.0.0.1', settle));
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const printed: string[] = [];
  const args = ['why', page, '--edge-at', stack.ready.edge, '--origin', originUrl];
  const { exitCode, stdout } = await cli(args, { print: (line) => void printed.push(line) });
  origin.close();
  expect(exitCode).toBe(1);
  // The journal's answer does not wait for the edge's.
  expect(printed.join('')).toMatch(/^https:\/\/h\.example\/page-7\n {2}completed/);
  expect(stdout).toContain(`origin  ${originUrl}/page-7: 200, ETag "new", Last-Modified `);
  expect(stdout).toContain(`edge    ${stack.ready.edge}: 200, HIT, ETag ${etag}, Last-Modified `);
  expect(stdout).toContain('it shows an older version than the origin: it has another ETag');
  expect(stdout).toContain(`\n\nNext: npx cdn-purger purge ${page} --wait --`);
  const closed = await cli(['why', page, '--edge-at', 'http://127.0.0.1:1']);
  expect(closed).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('ECONNREFUSED') });
  expect(await cli(['why', page, '--edge-at', 'a/b'])).toMatchObject({ exitCode: 2 });
  expect(await cli(['why', page, '--origin', 'ftp://h'])).toMatchObject({ exitCode: 2 });
});

test('why --logs says what the logs have of a page, and what receivers have left out', async () => {
  await complete('page-7');
  const { stdout } = await cli(['why', 'https://h.example/page-7', '--logs', '15m', '--json']);
  const { logs } = JSON.parse(stdout) as { readonly logs: UrlLines };
  expect(logs).toMatchObject({ isComplete: true, leftOut: [] });
  expect(logs.lines.map(({ by, message }) => `${by}: ${message}`).toReversed()).toEqual([
    'receive-s3: change queued',
    'submit: purge accepted',
  ]);
  const inWords = await cli(['why', 'https://h.example/page-7', '--logs', '15m']);
  expect(inWords.stdout).toMatch(
    /^Logs since .*\n.*receive-s3: change queued \(s3:\/\/my-bucket\/page-7\)$/s,
  );
});

test('a pause by hand holds what comes next, and what is parked can be listed and taken out', async () => {
  await complete('page-7');
  const pause = { since: expect.stringMatching(/^20/), reason: 'the origin is repaired' };
  const isPaused = { paused: true, submit: 'Disabled', tick: 'DISABLED', pause };
  await asked('pause', '--reason', 'the origin is down');
  const replaced = { ...isPaused, was: { reason: 'the origin is down' } };
  expect(await asked('pause', '--reason', pause.reason)).toMatchObject(replaced);
  const again = await asked('pause');
  expect(again).toMatchObject(isPaused);
  const { since } = (again as { readonly pause: Pause }).pause;
  expect(await status()).toMatchObject({ paused: true, pause: { ...pause, since } });
  await put('held');
  const { endpoint, parkedTable: tableName } = stack.ready.dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
  const parked = createParkedTable({ client, tableName, nowMs: Date.now, random: Math.random });
  const scope = { target: 'production', action: 'invalidate' } as const;
  const urls = ['a', 'b'].map((key) => `https://h.example/${key}`);
  const sinceMs = Date.now() - 60_000;
  await parked.park(urls.map((url) => ({ entry: { kind: 'file', url, ...scope }, lane: 'bulk', sinceMs })));
  // Until its event has left the inbox: while it moves on it waits in both queues.
  const isHeld = async () =>
    (await asked<WaitingReport>('waiting')).queue.visible === 1 && (await status()).queued === 1;
  expect(await eventually(isHeld)).toBe(true);
  const held = await cli(['why', 'https://h.example/held', '--config', configFile, '--json']);
  expect(JSON.parse(held.stdout)).toMatchObject({
    state: 'unknown',
    purgedBy: [{ rule: 'rules[0]', template: 'https://h.example/{+key}', change: 's3://my-bucket/held' }],
    objects: [{ id: 's3://my-bucket/held', isKnown: false, mayWait: 'paused' }],
  });
  expect(held.exitCode).toBe(1);
  const before = await cli(['why', 'https://h.example/page-7', '--config', configFile]);
  expect(before).toMatchObject({ exitCode: 0, stderr: '' });
  expect(before.stdout).toMatch(/s3:\/\/my-bucket\/page-7: changed .*\n {4}its newest change is known here$/);
  const report = await asked<WaitingReport>('waiting');
  expect(report.lanes).toMatchObject([{ lane: 'bulk', target: 'production', kind: 'files', count: 2 }]);
  expect(report.urls.map(({ url }) => url)).toEqual(urls);
  expect(await why('a')).toMatchObject({
    state: 'waiting',
    waiting: { lane: 'bulk' },
    notes: [
      expect.stringContaining('it is paused'),
      expect.stringContaining('1 message waits in the queues'),
    ],
  });
  const [first = '', second = ''] = urls;
  const takedown = { kind: 'file', url: first, target: 'production', action: 'delete' } as const;
  const headers = [{ name: 'accept', value: 'image/webp' }];
  await parked.park([
    { entry: takedown, lane: 'takedown', sinceMs },
    { entry: { kind: 'file', url: first, headers, ...scope }, lane: 'people', sinceMs },
  ]);
  const plain = { url: first, lane: 'bulk', ...scope };
  const withHeaders = { url: first, lane: 'people', ...scope, headers };
  const taken = { url: first, lane: 'takedown', action: 'delete' };
  const once = await asked<{ cancelled: object[] }>('waiting', '--cancel', first);
  expect(once).toMatchObject({ left: [taken], missing: [] });
  expect(once.cancelled).toHaveLength(2);
  expect(once.cancelled).toEqual(
    expect.arrayContaining([plain, withHeaders].map((each) => expect.objectContaining(each))),
  );
  expect(await cli(['waiting', '--cancel', first])).toMatchObject({
    exitCode: 1,
    stdout: `left        ${first} (takedown, delete, production): a takedown: only --cancel --delete takes it out`,
  });
  expect(await cli(['waiting', '--delete'])).toMatchObject({ exitCode: 2 });
  expect(await cli(['waiting', '--cancel', '--delete', first])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining(
      `cancelled   ${first} (takedown, delete, production)\n\nNext: npx cdn-purger purge ${first} --delete`,
    ),
  });
  expect(await asked('waiting', '--cancel', first)).toEqual({ cancelled: [], left: [], missing: [first] });
  client.destroy();
  expect((await asked<WaitingReport>('waiting')).urls.map(({ url }) => url)).toEqual([second]);
  const byHand = ['purge', 'https://h.example/by-hand-paused'];
  const held1s = await cli([...byHand, '--wait', '--timeout', '1s'], soon);
  expect(held1s).toMatchObject({ exitCode: 3, stderr: '' });
  expect(held1s.stdout).toMatch(
    /^Time has run out, and it is paused: .*\n {2}queued .*\n {2}it is paused since \S+, for "the origin is repaired"\n\nNext: npx cdn-purger resume /,
  );
  const inJson = JSON.parse((await cli([...byHand, '--wait', '--timeout', '1s', '--json'], soon)).stdout);
  expect(inJson).toMatchObject({ queued: 1, paused: true, timedOut: true, counts: { queued: 1 } });
  expect((await cli(byHand)).stdout).toMatch(
    /\nIt is paused: all of it waits in the queue until it is resumed\.\n\nNext: npx cdn-purger resume /,
  );
  // A source that ran would have submitted by now: the waits above took longer than its window.
  expect(isAccepted('held')).toBe(false);
  const resumed = await cli(['resume']);
  expect(resumed.stdout).toContain(`It was paused since ${since}, for "${pause.reason}".`);
  expect((await cli(['resume'])).stdout).toMatch(
    /^It was not paused \(submit is enabled, tick is enabled\)\./,
  );
  expect(await eventually(() => isAccepted('held') && isAccepted('b'))).toBe(true);
  expect(isAccepted('a')).toBe(false);
});

/** Ends a command that does not end by itself. */
class Enough extends Error {}

/** Follows with `tail` until it has seen an event. */
async function tailUntil(isLast: (event: WatchEvent) => boolean): Promise<readonly WatchEvent[]> {
  const events: WatchEvent[] = [];
  const print = (line: string) => {
    const event = JSON.parse(line) as WatchEvent;
    events.push(event);
    if (isLast(event)) throw new Enough();
  };
  await expect(cli(['tail', '--json'], { ...soon, print })).rejects.toThrow(Enough);
  return events;
}

test('what CDN Pro rejected is listed by reason, and purged by a redrive once the cause is fixed', async () => {
  isDeployed = false;
  const tail = tailUntil(({ event }) => event === 'refused');
  await put('rejected');
  expect((await tail).at(-1)).toMatchObject({
    event: 'refused',
    reason: 'The answer is 400.',
    urls: ['https://h.example/rejected'],
  });
  expect(await eventually(async () => (await status()).deadLetters === 1)).toBe(true);
  const dead = await cli(['dead']);
  expect(dead.exitCode).toBe(1);
  expect(dead.stdout).toContain('1 × rejected');
  expect(dead.stdout).toContain('The answer is 400.\n  https://h.example/rejected');
  expect((await cli(['dead', '--show'])).stdout).toMatch(/reason: .*The answer is 400\. \(HTTP 400/);
  expect(await why('rejected')).toMatchObject({ state: 'failed', reason: 'The answer is 400.' });
  const waited = await cli(['wait', '--under', 'https://h.example/rejected'], soon);
  expect(waited).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('Some have failed:\n  failed     https://h.example/rejected\n'),
  });
  isDeployed = true;
  const others = ['--host', 'other.example'];
  expect(await asked('dead', ...others)).toMatchObject({ count: 0, groups: [] });
  expect(await asked('redrive', ...others)).toEqual({ moved: 0, kept: 1, unreadable: 0, failed: [] });
  const unfitting = await cli(['redrive', ...others]);
  expect(unfitting).toMatchObject({ exitCode: 1, stderr: '' });
  expect(unfitting.stdout).toMatch(
    /^Of 1 dead letter none fits: nothing was moved\.\n {2}their hosts: h\.example \(1\)\n {2}their reasons: .*400\. \(1\)\n\nNext: npx cdn-purger dead --ready \S+ {2}# all of them/,
  );
  // A machine whose clock is far behind redrives the same: SQS stamps messages by its own.
  const behind = await cli(['redrive', '--reason', 'THE ANSWER', '--json'], { nowMs: () => 0 });
  expect(JSON.parse(behind.stdout)).toEqual({ moved: 1, kept: 0, unreadable: 0, failed: [] });
  expect(await eventually(() => isAccepted('rejected'))).toBe(true);
  expect(await cli(['dead'])).toMatchObject({ exitCode: 0, stdout: 'No dead letter.' });
});

test('purge by hand says what it costs, refuses what CDN Pro would, and asks before a whole host', async () => {
  const page = 'https://h.example/by hand';
  const blog = 'https://h.example/blog/*';
  const dry = await cli(['purge', page, blog, '--dry-run']);
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
  expect(dry.stdout).toContain('2 would be purged, for 1 file and 1 directory of the day');
  expect(await cli(['purge', page, 'h.example/x'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('expected a URL that begins with http:// or https://, got "h.example/x"'),
  });
  const whole = ['purge', 'any://h.example/.*'];
  expect((await cli(whole)).stdout).toContain('may purge a whole host: say --yes');
  expect(JSON.parse((await cli([...whole, '--json'])).stdout)).toMatchObject({
    queued: 0,
    refusal: expect.stringContaining('say --yes'),
  });
  const asked: string[] = [];
  const no = async (question: string) => {
    asked.push(question);
    return false;
  };
  const dryRun = await cli([...whole, '--dry-run'], { confirm: no });
  expect(dryRun.stdout).toMatch(/\nWithout --yes it is asked about first: any:.* may purge a whole host\.$/);
  expect((await cli(['purge', page, '--dry-run'])).stdout).not.toContain('--yes');
  expect(asked).toEqual([]);
  expect(await cli(whole, { confirm: no })).toMatchObject({ exitCode: 1, stdout: 'Nothing was purged.' });
  expect(asked).toEqual(['any://h.example/.* may purge a whole host. Go on?']);
  const list = async () => `# by hand\n${page}\n\n${blog}\n`;
  expect(await cli(['purge', '-', '--reason', 'ticket 12'], { readStdin: list })).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('2 queued'),
  });
  expect(await eventually(() => isAccepted('by%20hand') && isAccepted('blog/*'))).toBe(true);
  // A directory has purged this one.
  expect(await eventually(async () => (await why('blog/post.html')).state === 'purging')).toBe(true);
  expect((await why('blog/post.html')).changes).toMatchObject([{ source: 'cdn-purger', id: 'ticket 12' }]);
  const said: string[] = [];
  const given = {
    ...soon,
    progress: (line: string) => said.push(line),
    // Time runs out once it is seen to be purging.
    nowMs: () => Date.now() + (said.includes('1 purging') ? 3_600_000 : 0),
  };
  expect(await cli(['purge', page, '--wait', '--timeout', '1h'], given)).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('https://h.example/by%20hand'),
  });
  expect(said[0]).toContain('1 queued');
  expect(said.at(-1)).toBe('1 purging');
  isDeployed = false;
  expect(await cli(['purge', 'https://h.example/gone', '--delete', '--reason', 'ticket 13'])).toMatchObject({
    exitCode: 0,
  });
  expect(await eventually(async () => (await status()).deadLetters === 1)).toBe(true);
  expect((await cli(['dead', '--show'])).stdout).toContain('change: ticket 13');
  isDeployed = true;
  const url = 'https://h.example/gone';
  const tail = tailUntil((event) => event.event === 'accepted' && event.urls.includes(url));
  await cli(['redrive']);
  expect((await tail).at(-1)).toMatchObject({ lane: 'takedown', urls: [url], changes: ['ticket 13'] });
  expect(isAccepted('gone')).toBe(true);
  const audit = await cli(['report', '--url', url]);
  expect(audit).toMatchObject({ exitCode: 0, stderr: '' });
  expect(audit.stdout).toContain('by hand, delete: ticket 13');
});

test('a deployed purger is found by the name of its stack, and doctor says what is wrong with it', async () => {
  await complete('page-7');
  const aws = await startAwsStub(stack.ready);
  const onStack = async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await run([...args, '--stack', 'MyStack']);
    return { exitCode, stdout, stderr };
  };
  try {
    expect(await onStack('status')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/Not fresh\.\n {2}\d+ purges are on the way to the edges\n/),
      stderr: '',
    });
    expect(await onStack('why', 'https://h.example/page-7')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await onStack('purge', 'https://h.example/by-ana', '--reason', 'ticket 14')).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(await eventually(async () => (await why('by-ana')).state === 'purging')).toBe(true);
    expect((await why('by-ana')).changes).toMatchObject([{ id: 'ticket 14', by: callerArn }]);
    expect(await onStack('explain', 's3://my-bucket/a b')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('invalidate file https://h.example/a%20b (production)'),
      stderr: '',
    });
    expect((await onStack('explain', 's3://other-bucket/a')).stdout).toContain(
      'it would not arrive: no bucket "other-bucket" is watched',
    );
    expect((await onStack('why', 'https://h.example/never-uploaded')).stdout).toMatch(
      /^What purges it, by the rules of the deployed purger:\n.*\n {2}rules\[0\], .*\n {4}put or delete of s3:\/\/my-bucket\/never-uploaded\n/,
    );
    cdnPro.tokensLeft = { filePurgeTokens: 4000, dirPurgeTokens: 12 };
    cdnPro.hostnames = ['h.example', 'www.example.com'];
    const well = await onStack('doctor');
    expect(well).toMatchObject({ exitCode: 0, stderr: '' });
    expect(well.stdout).toContain('4000 files, 12 directories left');
    expect(well.stdout).toMatch(/ok +hosts +1 host of the rules: deployed in production/);
    expect(well.stdout).toMatch(/ok +bucket my-bucket +sends to EventBridge/);
    expect(well.stdout).toMatch(/ok +alarms +1 of 1 notify somebody/);
    expect(well.stdout).not.toContain('the secret was stored');
    const secrets = new SecretsManagerClient();
    const SecretString = JSON.stringify(cdnProCredentials);
    await secrets.send(new PutSecretValueCommand({ SecretId: 'my/cdn-pro', SecretString }));
    secrets.destroy();
    expect((await onStack('doctor')).stdout).toMatch(
      /directories left; the secret was stored at .*Z, and functions may use the one before until /,
    );
    cdnPro.tokensLeft = undefined;
    cdnPro.hostnames = ['other.example'];
    await silenceBucket(stack.ready, 'my-bucket');
    aws.alarm = { StateValue: 'ALARM', AlarmActions: [] };
    const ill = await onStack('doctor');
    expect(ill.exitCode).toBe(1);
    expect(ill.stdout).toMatch(/failed +CDN Pro +http.* answers 404/);
    expect(ill.stdout).toMatch(
      /failed +bucket my-bucket +sends no events to EventBridge\n +fix: deploy again/,
    );
    expect(ill.stdout).toMatch(/warning +alarms +0 of 1 notify somebody\n +fix: set `alarms.email`/);
    expect((await onStack('status')).stdout).toContain('MyStack-Purger-freshness');
    cdnPro.tokensLeft = { filePurgeTokens: 4000, dirPurgeTokens: 12 };
    expect((await onStack('doctor')).stdout).toMatch(/failed +hosts +h.example not among the 1/);
    const other = await run(['status', '--stack', 'OtherStack']);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('Expected a purger in the stack OtherStack in eu-west-1');
    aws.refuses = true;
    expect(await onStack('status')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('AccessDeniedException: not yours\nTo do: let your role use it'),
    });
  } finally {
    aws.stop();
  }
});
