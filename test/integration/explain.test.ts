import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Purge } from '../../functions/core/mapping/rule.ts';
import type { Explanation } from '../../infra/cli/explain/explain.ts';
import { run } from '../helpers/cli.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

const config = scratch.path('config.json');
writeFileSync(
  config,
  JSON.stringify({
    credentials: 'cdn-pro/api',
    target: 'production',
    buckets: [{ name: 'www', prefix: 'site/' }],
    webhooks: [{ source: 'contentful', secret: 's', name: 'shop' }],
    rules: [
      {
        name: 'pages',
        match: { source: 's3', key: 'site/{+path}' },
        except: 'site/{+path}.map',
        purge: { fileUrls: ['https://www.example.com/{+path}'] },
        repeatAfterSeconds: 60,
      },
      {
        name: 'posts',
        match: { source: 'contentful', webhook: 'shop', type: 'blogPost', locale: '{language}-{region}' },
        purge: { fileUrls: ['https://www.example.com/{language}/{slug}'] },
      },
    ],
  }),
);

async function explain(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await run(['explain', ...args]);
  const printed = (text: string) => (text === '' ? '' : `${text}\n`);
  return { exitCode, stdout: printed(stdout), stderr: printed(stderr) };
}

/** A file with an event, and the way to explain it. */
function explainEvent(event: unknown, ...args: readonly string[]) {
  const file = scratch.path('event.json');
  writeFileSync(file, JSON.stringify(event));
  return explain('--event', file, '--config', config, ...args);
}

describe('an object', () => {
  test('shows the rules that match with captures, the others with the reason, and the requests', async () => {
    const { exitCode, stdout, stderr } = await explain(
      's3://www/site/a b.html',
      '--action',
      'delete',
      '--config',
      config,
    );
    expect(stderr).toBe('');
    expect(stdout).toBe(`delete s3://www/site/a b.html
  pages matches: path = "a b.html" (at once, and again after 60 s)
    delete file https://www.example.com/a%20b.html (production)
    delete file https://www.example.com/a+b.html (production)
    spellings: browser 1 file, plus 1 file
  posts does not match: it is for changes from "contentful"

POST /cdn/purges
  {
    "name": "cdn-pro-purger",
    "target": "production",
    "action": "delete",
    "fileUrls": [
      "https://www.example.com/a%20b.html",
      "https://www.example.com/a+b.html"
    ]
  }

POST /cdn/purges, after 60 s
  {
    "name": "cdn-pro-purger",
    "target": "production",
    "action": "delete",
    "fileUrls": [
      "https://www.example.com/a%20b.html",
      "https://www.example.com/a+b.html"
    ]
  }

It costs 4 files of the day's quota, in 2 purge requests.
While tokens are plentiful, its files are purged once more when that has completed: 6 files in all.
`);
    expect(exitCode).toBe(0);
  });

  test('says why nothing matches, and ends with 1', async () => {
    const { exitCode, stdout } = await explain('s3://www/site/app.js.map', '--config', config);
    expect(stdout).toContain('pages does not match: left out by except: key "site/{+path}.map"');
    expect(stdout).toContain('No rule matches: nothing would be purged.');
    expect(exitCode).toBe(1);
  });

  test('says where its change would not even arrive', async () => {
    expect(await explain('s3://www/drafts/a', '--config', config)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('it would not arrive: only keys that begin with "site/" are watched'),
    });
  });

  test('names rules that do not match for the same reason in one line', async () => {
    const file = scratch.path('shops.json');
    const webhooks = [{ source: 'contentful', secret: 's' }];
    const purge = { fileUrls: ['https://www.example.com/{slug}'] };
    const rules = ['a', 'b'].map((name) => ({ name, match: { source: 'contentful' }, purge }));
    writeFileSync(file, JSON.stringify({ credentials: 'x', target: 'production', webhooks, rules }));
    expect((await explain('s3://www/a', '--config', file)).stdout).toContain(
      '\n  2 rules do not match: it is for changes from "contentful" (a, b)\n',
    );
  });

  test('names a URL that is refused', async () => {
    const { stdout, exitCode } = await explain('s3://www/site/a/../b', '--config', config);
    expect(stdout).toContain('refused: https://www.example.com/{+path}: a browser resolves');
    expect(stdout).toContain('Nothing would be purged.');
    expect(exitCode).toBe(1);
  });
});

/** A configuration of its own, with these sources and one rule. */
function configWith(name: string, sources: object, purge: Purge): string {
  const file = scratch.path(`${name}.json`);
  const rules = [{ match: { source: 's3', key: 'site/{+path}' }, purge }];
  writeFileSync(file, JSON.stringify({ credentials: 'x', target: 'production', ...sources, rules }));
  return file;
}

test('an exception by prefix is named as one', async () => {
  const file = scratch.path('prefixes.json');
  const rules = [
    {
      match: { source: 's3' },
      except: [{ prefix: ['img/', 'css/'] }],
      purge: { fileUrls: ['https://h.example/{+key}'] },
    },
  ];
  const buckets = [{ name: 'www' }];
  writeFileSync(file, JSON.stringify({ credentials: 'x', target: 'production', buckets, rules }));
  const { stdout } = await explain('s3://www/img/a', '--config', file);
  expect(stdout).toContain('left out by except: key that begins with "img/" or "css/"');
});

describe('a hint', () => {
  const buckets = [{ name: 'www' }];
  const fileUrls = [
    'https://a.example/{path}',
    'https://b.example/{+path}?from={path}',
    'https://c.example/x/{key}',
  ];
  const file = configWith('slashes', { buckets }, { fileUrls });

  test('says where a value loses its slashes, and how to keep them', async () => {
    const { stdout, exitCode } = await explain('s3://www/site/blog/a.html', '--config', file);
    expect(stdout.split('\n').filter((line) => line.includes('hint:'))).toEqual([
      '    hint: {path} writes "/" as "%2F" in https://a.example/{path}: write {+path} to keep slashes',
      '    hint: {key} writes "/" as "%2F" in https://c.example/x/{key}: write {+key} to keep slashes',
    ]);
    expect(stdout).toContain('https://a.example/blog%2Fa.html');
    expect(exitCode).toBe(0);
  });

  test('is not given for a value without slashes, nor for a rule that does not match', async () => {
    expect((await explain('s3://www/site/a.html', '--config', file)).stdout).not.toContain(
      'in https://a.example',
    );
    expect((await explain('s3://www/other/blog/a.html', '--config', file)).stdout).not.toContain('hint:');
  });
});

describe('what is watched', () => {
  const arnOf = (service: string) => `arn:aws:${service}:us-east-1:111122223333:events`;
  const sources = {
    buckets: [{ name: 'www', suffix: '.html' }],
    topics: [{ arn: arnOf('sns'), bucket: 'by-topic', prefix: 'site/', suffix: '.html' }],
    queues: [{ arn: arnOf('sqs'), bucket: 'by-queue' }],
  };
  const purge = { fileUrls: ['https://h.example/{+path}'] };
  const file = configWith('sources', sources, purge);

  test.each([
    ['s3://www/site/a.html', undefined],
    ['s3://www/site/a.css', 'only keys that end with ".html" are watched'],
    ['s3://by-topic/site/a.html', undefined],
    ['s3://by-topic/site/a.css', 'only keys that begin with "site/" and end with ".html" are watched'],
    ['s3://by-queue/site/a.css', undefined],
    ['s3://other/site/a.html', 'no bucket "other" is watched'],
  ])('%s: %s', async (object, reason) => {
    const { stdout, exitCode } = await explain(object, '--config', file);
    const found = /it would not arrive: (.*)/.exec(stdout)?.[1];
    expect([found, exitCode]).toEqual([reason, reason === undefined ? 0 : 1]);
  });

  test('is any bucket that a topic without a filter carries', async () => {
    const topics = configWith('topic', { topics: [{ arn: arnOf('sns') }] }, purge);
    expect(await explain('s3://any/site/a.html', '--config', topics)).toMatchObject({
      exitCode: 0,
      stdout: expect.not.stringContaining('it would not arrive'),
    });
  });
});

describe('a stage', () => {
  test('is the one that is asked for, and the first one otherwise', async () => {
    const stage = (host: string) => ({
      credentials: 'x',
      target: 'production',
      buckets: [{ name: 'www' }],
      rules: [{ match: { source: 's3' }, purge: { fileUrls: [`https://${host}/{+key}`] } }],
    });
    const file = scratch.path('staged.json');
    writeFileSync(file, JSON.stringify({ stages: { live: stage('live.example'), qa: stage('qa.example') } }));
    const explainStage = (...args: readonly string[]) => explain('s3://www/a', '--config', file, ...args);
    expect((await explainStage()).stdout).toContain('invalidate file https://live.example/a');
    expect((await explainStage('--stage', 'qa')).stdout).toContain('invalidate file https://qa.example/a');
    expect(await explainStage('--stage', 'q')).toMatchObject({
      exitCode: 2,
      stderr: 'Unknown stage "q" (did you mean `qa`?)\n',
    });
  });
});

describe('an event', () => {
  const notification = {
    Records: [
      {
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        eventTime: '2026-01-01T00:00:00Z',
        s3: { bucket: { name: 'www' }, object: { key: 'site/a+b%2B.html', sequencer: '01' } },
      },
    ],
  };

  const putOf = (key: string) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: '2026-01-31T00:10:00.000Z',
    s3: { bucket: { name: 'www' }, object: { key } },
  });
  const bodyOf = (key: string) => JSON.stringify({ Records: [putOf(key)] });
  const bridged = {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-01-31T00:10:00Z',
    detail: { bucket: { name: 'www' }, object: { key: 'site/a' } },
  };

  test.each<[string, unknown, readonly string[]]>([
    ['a record', putOf('site/a'), ['site/a']],
    ['a list of records', [putOf('site/a'), putOf('site/b')], ['site/a', 'site/b']],
    ['a list of EventBridge events', [bridged, bridged], ['site/a', 'site/a']],
    ['messages from a pipe', [{ messageId: 'm', body: bodyOf('site/a') }], ['site/a']],
    [
      '`aws sqs receive-message`',
      { Messages: [{ MessageId: 'm', Body: bodyOf('site/a') }, { Body: bodyOf('site/b') }] },
      ['site/a', 'site/b'],
    ],
    ['one of its messages', { MessageId: 'm', Body: JSON.stringify(bridged) }, ['site/a']],
    ["a Lambda function's failed invocation", { requestContext: {}, requestPayload: bridged }, ['site/a']],
  ])('of S3 is found in what operators have at hand: %s', async (_, event, keys) => {
    const { stdout, stderr } = await explainEvent(event, '--json');
    expect(stderr).toBe('');
    const { changes } = JSON.parse(stdout) as Explanation;
    expect(changes.map(({ change }) => change.id)).toEqual(keys.map((key) => `s3://www/${key}`));
  });

  test('is on stdin, where the file is "-"', async () => {
    const explainPiped = (text: string) =>
      run(['explain', '--event', '-', '--config', config], { readStdin: async () => text });
    expect(await explainPiped(JSON.stringify(notification))).toMatchObject({ exitCode: 0 });
    expect((await explainPiped('no')).stderr).toContain('but what is on stdin is not: ');
  });

  test('of S3 that cannot be read is said to go to the dead letter queue', async () => {
    const { stdout, exitCode } = await explainEvent({ Messages: [{ MessageId: 'm', Body: bodyOf('100%') }] });
    expect(stdout).toContain(
      'not understood, and moved to the dead letter queue: ObjectCreated:Put: Expected',
    );
    expect(stdout).not.toContain('No rule matches');
    expect(exitCode).toBe(1);
  });

  test('that is nothing of these says what is expected', async () => {
    const { stderr, exitCode } = await explainEvent({ my: 'own' });
    expect(stderr).toContain(
      'Expected --event to be an event of S3, or --webhook with the name of the webhook',
    );
    expect(exitCode).toBe(2);
    expect((await explainEvent([1])).stderr).toContain(
      'to hold an event of S3, a list of these or a webhook',
    );
  });

  test('of S3 is read as the function reads it', async () => {
    const { stdout, exitCode } = await explainEvent(notification, '--json');
    const explanation = JSON.parse(stdout) as { changes: unknown[] };
    const fileUrls = ['a%20b+.html', 'a%20b%2B.html', 'a+b%2B.html'].map(
      (name) => `https://www.example.com/${name}`,
    );
    expect(explanation).toMatchObject({
      matched: true,
      changes: [
        {
          change: { action: 'put', id: 's3://www/site/a b+.html' },
          rules: [
            { rule: 'pages', matched: true, captures: { path: 'a b+.html' } },
            { rule: 'posts', matched: false, reason: 'it is for changes from "contentful"' },
          ],
        },
      ],
      purges: [
        { delaySeconds: 0, requests: [{ fileUrls }] },
        { delaySeconds: 60, requests: [{ fileUrls }] },
      ],
      tokens: { files: 6, dirs: 0 },
      requests: 2,
    });
    expect(exitCode).toBe(0);
  });

  const entry = {
    sys: {
      id: 'e1',
      type: 'Entry',
      contentType: { sys: { id: 'blogPost' } },
      environment: { sys: { id: 'master' } },
      publishedAt: '2026-01-01T00:00:00Z',
    },
    fields: { slug: { 'en-US': 'hello', de: 'hallo' } },
  };
  const topic = 'X-Contentful-Topic: ContentManagement.Entry.publish';

  test('of a webhook is a body with its source, and headers where the source needs them', async () => {
    const { stdout, exitCode } = await explainEvent(entry, '--source', 'contentful', '--header', topic);
    expect(stdout).toContain('put e1 from contentful in en-US');
    expect(stdout).toContain('posts matches: language = "en", region = "US"');
    expect(stdout).toContain('posts does not match: its locale is "de", expected "{language}-{region}"');
    expect(exitCode).toBe(0);
  });

  test('of a webhook can bring its headers, and its name tells the source', async () => {
    const event = {
      webhook: 'shop',
      headers: { 'X-Contentful-Topic': 'ContentManagement.Entry.publish' },
      body: entry,
    };
    expect(await explainEvent(event)).toMatchObject({ exitCode: 0 });
  });

  test('that changes nothing says so, and ends with 1', async () => {
    const draft = 'X-Contentful-Topic: ContentManagement.Entry.save';
    expect(await explainEvent(entry, '--source', 'contentful', '--header', draft)).toMatchObject({
      exitCode: 1,
      stdout: 'nothing to purge: Entry.save changes a draft\n\nNothing would be purged.\n',
    });
  });

  test('that cannot be read is one that the sender is told of, and not one with nothing to purge', async () => {
    expect(await explainEvent(entry, '--source', 'contentful')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^refused, and answered so to the sender: Expected `x-contentful-topic`/),
    });
  });

  test('that does not say where it comes from is answered with the webhooks there are', async () => {
    expect(await explainEvent(entry)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--webhook with the name of the webhook (one of `shop`)'),
    });
  });
});

describe('what would really go out', () => {
  test('of two changes of one object in one event, the newer one says what is done', async () => {
    const record = (eventName: string, sequencer: string) => ({
      eventSource: 'aws:s3',
      eventName,
      eventTime: '2026-01-01T00:00:00.000Z',
      s3: { bucket: { name: 'www' }, object: { key: 'site/a.html', sequencer } },
    });
    const event = { Records: [record('ObjectCreated:Put', '02'), record('ObjectRemoved:Delete', '01')] };
    const { exitCode, stdout } = await explainEvent(event, '--json');
    const { purges } = JSON.parse(stdout) as { purges: { requests: { action: string }[] }[] };
    expect(purges.flatMap(({ requests }) => requests.map(({ action }) => action))).toEqual([
      'invalidate',
      'invalidate',
    ]);
    expect(exitCode).toBe(0);
    expect((await explainEvent(event)).stdout).toContain('a newer change came with it: put');
  });

  test('nothing, where the bucket is not watched', async () => {
    const { exitCode, stdout } = await explain('s3://other/site/a.html', '--config', config);
    expect(stdout).toContain('it would not arrive: no bucket "other" is watched');
    expect(stdout).toContain('Nothing would be purged.');
    expect(exitCode).toBe(1);
  });

  test('what a wildcard covers is named, though the request does not name it', async () => {
    const file = configWith(
      'covered',
      { buckets: [{ name: 'www' }] },
      {
        fileUrls: ['https://www.example.com/{+path}'],
        dirUrls: ['https://www.example.com/blog/*'],
      },
    );
    const { stdout } = await explain('s3://www/site/blog/hello', '--config', file);
    expect(stdout).toContain('which purges this, too: https://www.example.com/blog/hello');
  });
});

describe('many objects', () => {
  const objects = (count: number) =>
    Array.from({ length: count }, (_, index) => `s3://www/site/a/${index}.html`);
  const stdin = (lines: readonly string[]) => ({ readStdin: async () => lines.join('\n') });
  const explainLines = (lines: readonly string[], ...args: readonly string[]) =>
    run(['explain', '-', '--config', config, ...args], stdin(lines));

  test('up to 10 are shown one by one, and as they would go out together', async () => {
    const { stdout, exitCode } = await explainLines(['# built', ...objects(3), '']);
    expect(stdout.match(/pages matches/g)).toHaveLength(3);
    expect(stdout).toContain("It costs 6 files of the day's quota, in 2 purge requests.");
    expect(exitCode).toBe(0);
  });

  test('of more it is said what is not purged, then how many are, and what that costs', async () => {
    const { stdout, exitCode } = await explainLines([
      ...objects(25),
      's3://www/site/app.js.map',
      's3://www/drafts/a.html',
      's3://www/site/a/../b',
    ]);
    expect(stdout).toBe(`would not arrive, only keys that begin with "site/" are watched: 1
  s3://www/drafts/a.html

cannot be purged: 1
  s3://www/site/a/../b: https://www.example.com/{+path}: a browser resolves the segments "." and "..", and never requests "https://www.example.com/a/../b"

left out by except: 1
  s3://www/site/app.js.map

Of 28 objects, 25 would be purged, by 50 URLs and directories:
  26 objects by pages

It costs 50 files of the day's quota, in 2 purge requests.
While tokens are plentiful, its files are purged once more when that has completed: 75 files in all.`);
    expect(exitCode).toBe(1);
    expect(await explainLines([...objects(25), 's3://www/site/a.map'])).toMatchObject({ exitCode: 0 });
    const json = await explainLines([...objects(25), 's3://www/drafts/a.html'], '--json');
    expect([json.exitCode, (JSON.parse(json.stdout) as Explanation).changes.length]).toEqual([1, 26]);
  });

  test('what many go through, a wildcard, is named with a hint where it deletes all of it', async () => {
    const file = scratch.path('deleting.json');
    const rules = [
      { match: { source: 's3' }, action: 'delete', purge: { dirUrls: ['https://h.example/*'] } },
    ];
    writeFileSync(
      file,
      JSON.stringify({ credentials: 'x', target: 'production', buckets: [{ name: 'www' }], rules }),
    );
    const hint = 'hint: https://h.example/* deletes all that it covers';
    const one = await explain('s3://www/a', '--config', file);
    expect(one.stdout).toContain(hint);
    const { stdout } = await run(['explain', '-', '--config', file], stdin(objects(11)));
    expect(stdout).toContain(`through a wildcard: 1\n  https://h.example/* for 11 objects\n\n${hint}`);
  });
});

describe('a folder that is uploaded', () => {
  const folder = scratch.path('dist');
  const write = (path: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  };
  for (let index = 0; index < 30; index++) write(`assets/${index % 3}/${index}.js`);
  for (let index = 0; index < 25; index++) write(`maps/${index % 3}/${index}.js.map`);
  write('index.html');
  symlinkSync('../../outside', join(folder, 'assets/outside'));
  symlinkSync('..', join(folder, 'assets/up'));
  symlinkSync('index.html', join(folder, 'copy.html'));
  symlinkSync('assets/1', join(folder, 'ones'));
  const explainFolder = (...args: readonly string[]) => explain('--dir', folder, '--config', config, ...args);

  test('is all of its files, without what a symbolic link has elsewhere; many of a kind are grouped', async () => {
    const { stdout, exitCode } = await explainFolder('--prefix', 's3://www/site/');
    expect(stdout).toBe(`left out by except: 25
  s3://www/site/maps/0/*.map: 9, such as s3://www/site/maps/0/0.js.map
  s3://www/site/maps/1/*.map: 8, such as s3://www/site/maps/1/1.js.map
  s3://www/site/maps/2/*.map: 8, such as s3://www/site/maps/2/11.js.map

symbolic links that are not followed: 2
  assets/outside
  assets/up

Of 67 objects, 42 would be purged, by 84 URLs and directories:
  42 objects by pages

It costs 84 files of the day's quota, in 2 purge requests.
While tokens are plentiful, its files are purged once more when that has completed: 126 files in all.
`);
    expect(exitCode).toBe(0);
  });

  test('ends with 1 where some file matches nothing or does not arrive, which comes first', async () => {
    const { stdout, exitCode } = await explainFolder('--prefix', 's3://www');
    expect(stdout).toMatch(/^would not arrive, only keys that begin with "site\/" are watched: 67\n/);
    expect(exitCode).toBe(1);
    const purge = { fileUrls: ['https://www.example.com/{+path}'] };
    const all = configWith('all', { buckets: [{ name: 'www' }] }, purge);
    const others = await explain('--dir', folder, '--prefix', 's3://www/other', '--config', all, '--json');
    expect(JSON.parse(others.stdout)).toMatchObject({
      objects: 67,
      purged: 0,
      unmatched: expect.arrayContaining(['s3://www/other/index.html']),
      links: ['assets/outside', 'assets/up'],
    });
    expect(others.exitCode).toBe(1);
  });

  test.each<[readonly string[], string]>([
    [['--dir', folder], 'Expected --prefix to be s3://BUCKET or s3://BUCKET/PREFIX, got nothing'],
    [['--dir', folder, '--prefix', 'www'], 'got "www"'],
    [['--prefix', 's3://www'], 'Expected --prefix with --dir, got it alone'],
    [
      ['--dir', 'does-not-exist', '--prefix', 's3://www'],
      'Expected --dir to be a folder, but does-not-exist does not exist',
    ],
    [
      ['--dir', 'package.json', '--prefix', 's3://www'],
      'Expected --dir to be a folder, but package.json is a file',
    ],
    [['--dir', folder, '--prefix', 's3://www', 's3://www/a'], 'Expected --dir alone, got "s3://www/a", too'],
  ])('%j is wrong', async (args, message) => {
    const { exitCode, stderr } = await explain(...args, '--config', config);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('a URL', () => {
  test('is shown with the changes that purge it, objects and entries', async () => {
    const { stdout, stderr, exitCode } = await explain(
      'https://www.example.com/en/hello',
      'HTTPS://www.example.com/a b.html#top',
      '--config',
      config,
    );
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(stdout).toBe(`https://www.example.com/en/hello
  pages, https://www.example.com/{+path}
    put or delete of s3://www/site/en/hello
  posts, https://www.example.com/{language}/{slug}
    put or delete of contentful entry with webhook = "shop" and type = "blogPost" and locale = "en-{region}" and slug = "hello" or "/hello" (but not one with type = "blogPostx")

https://www.example.com/a%20b.html
  pages, https://www.example.com/{+path}
    put or delete of s3://www/site/a b.html
`);
  });

  test('that no change purges ends with 1, and so does one whose changes would not arrive', async () => {
    expect(await explain('https://other.example/a', '--config', config)).toMatchObject({
      exitCode: 1,
      stdout: `https://other.example/a
  No change purges it: no rule makes a URL, directory or pattern that does.
`,
    });
    const purge = { fileUrls: ['https://www.example.com/{+path}'] };
    const file = configWith('unwatched', { buckets: [{ name: 'www', prefix: 'site/a' }] }, purge);
    expect(await explain('https://www.example.com/b', '--config', file)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(
        'but it would not arrive: only keys that begin with "site/a" are watched',
      ),
    });
  });

  test('is one of many: those that no change purges are named', async () => {
    const urls = Array.from({ length: 30 }, (_, index) => `https://www.example.com/${index}.html`);
    const readStdin = async () => [...urls, 'https://other.example/a'].join('\n');
    expect(await run(['explain', '-', '--config', config], { readStdin })).toMatchObject({
      exitCode: 1,
      stdout: `no change purges it: 1
  https://other.example/a

Of 31 URLs, 30 are purged by changes.`,
    });
  });

  test('is given as JSON with an example that the rule maps to it', async () => {
    const { stdout } = await explain('https://www.example.com/a', '--config', config, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      urls: [
        {
          url: 'https://www.example.com/a',
          changes: [
            {
              rule: 'pages',
              template: 'https://www.example.com/{+path}',
              change: 's3://www/site/a',
              actions: ['put', 'delete'],
              example: { bucket: 'www', key: 'site/a' },
              entry: { kind: 'file', url: 'https://www.example.com/a' },
            },
          ],
        },
      ],
    });
  });
});

describe('what a change costs', () => {
  const sources = { buckets: [{ name: 'www' }] };
  const purge = {
    hosts: ['https://www.example.com', 'http://www.example.com', 'example.com'],
    fileUrls: ['/{+path}', '/'],
    dirUrls: ['/tags/*'],
  };
  const costOf = async (settings: object) => {
    const file = configWith('cost', { ...sources, ...settings }, purge);
    const { stdout } = await explain('s3://www/site/a', '--config', file, '--json');
    const { tokens, requests } = JSON.parse(stdout) as Explanation;
    return { ...tokens, requests };
  };

  test('are the URLs that the cache key tells apart, and no others', async () => {
    expect(await costOf({})).toEqual({ files: 4, dirs: 2, requests: 1 });
    expect(await costOf({ cacheKey: { scheme: true } })).toEqual({ files: 6, dirs: 3, requests: 1 });
    const hosts = { 'www.example.com': ['example.com'] };
    expect(await costOf({ cacheKey: { hosts } })).toEqual({ files: 2, dirs: 1, requests: 1 });
  });

  test('are requests where a token pays for a request', async () => {
    const settings = { tokenUnit: 'request', maxFileUrls: 3 };
    expect(await costOf(settings)).toEqual({ files: 2, dirs: 1, requests: 2 });
  });

  test('are requests of a hundred files, where requests are plentiful', async () => {
    const fileUrls = Array.from({ length: 100 }, (_, index) => `https://${index}.example/{+path}`);
    const file = configWith('many', sources, { fileUrls, queries: ['page=2'] });
    const { stdout } = await explain('s3://www/site/a', '--config', file);
    expect(stdout).toContain("It costs 200 files of the day's quota, in 2 purge requests.");
  });

  test('are as many again for the second purge, other than directories and what a directory purges along', async () => {
    const json = async (file: string) => {
      const { stdout } = await explain('s3://www/site/a', '--config', file, '--json');
      return (JSON.parse(stdout) as Explanation).secondPurge;
    };
    expect(await json(configWith('second', sources, purge))).toEqual({ files: 4, dirs: 0 });
    const covered = { ...purge, dirUrls: ['/**'] };
    expect(await json(configWith('second-covered', sources, covered))).toEqual({ files: 0, dirs: 0 });
    const byRequest = configWith('second-request', { ...sources, tokenUnit: 'request' }, purge);
    expect(await json(byRequest)).toEqual({ files: 1, dirs: 0 });
  });

  test('are none for a second purge that a day has no tokens for, and other days where it has none for the first', async () => {
    const quotaOf = async (files: number) => {
      const file = configWith('quota', { ...sources, quota: { production: { files } } }, purge);
      return (await explain('s3://www/site/a', '--config', file)).stdout.split('\n').at(-2);
    };
    expect(await quotaOf(11)).toContain('8 files and 2 directories in all.');
    expect(await quotaOf(10)).toContain('in 1 purge request.');
    expect(await quotaOf(3)).toBe('A day has 3 files and 20 directories: the rest waits for later days.');
  });

  test('is said in words, and what is purged along is named', async () => {
    const file = configWith('cost', sources, purge);
    const { stdout } = await explain('s3://www/site/a', '--config', file);
    expect(stdout).toContain("It costs 4 files and 2 directories of the day's quota, in 1 purge request.");
    expect(stdout).toContain('which purges this, too: http://www.example.com/a');
  });
});

describe('a command that is wrong ends with 2 and says what was expected', () => {
  test.each([
    [[], 'Expected s3://BUCKET/KEY, a URL or --event, got none'],
    [
      ['s3://www'],
      'Expected an object such as s3://bucket/key, or a URL such as https://host/path, got "s3://www"',
    ],
    [['www.example.com/blog/'], 'or a URL such as https://host/path, got "www.example.com/blog/"'],
    [['s3://www/a', '--action', 'move'], 'Expected --action to be put or delete, got "move"'],
    [['https://h/a', 's3://www/a'], 'Expected URLs alone, got "s3://www/a", too'],
    [['https://h/*'], 'Expected a page or a file, without a wildcard'],
    [['-'], 'Expected objects or URLs on stdin, one a line, got none'],
    [['s3://www/a', '--event', 'x'], 'Expected s3://BUCKET/KEY or --event, got both'],
    [
      ['--event', 'does-not-exist.json'],
      'Expected --event to be a JSON file, but does-not-exist.json does not exist',
    ],
    [
      ['--event', 'events/s3-put.json', '--source', 'nobody'],
      'Expected --source to be the name of a source, got "nobody" (expected one of `s3`',
    ],
    [['--evnt', 'x'], 'Unknown option "--evnt" (did you mean `--event`?)'],
    [['s3://www/a', '--config', 'does-not-exist.json'], 'does-not-exist.json has an issue'],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await explain(...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});

test.each([
  ['s3://www/site/a.html', 0],
  ['s3://www/drafts/a.html', 1],
  ['s3://www', 2],
])('the command prints the result for %s and ends with %i', async (object, status) => {
  const args = ['infra/cli/cdn-purger.mjs', 'explain', object, '--config', config];
  const command = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const { stdout, stderr } = await explain(object, '--config', config);
  expect([command.status, command.stdout, command.stderr]).toEqual([status, stdout, stderr]);
});
