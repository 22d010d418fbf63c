import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
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

function explain(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['infra/cli/cdn-purger.mjs', 'explain', ...args],
    {
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}

/** A file with an event, and the way to explain it. */
function explainEvent(event: unknown, ...args: readonly string[]) {
  const file = scratch.path('event.json');
  writeFileSync(file, JSON.stringify(event));
  return explain('--event', file, '--config', config, ...args);
}

describe('an object', () => {
  test('shows the rules that match with captures, the others with the reason, and the requests', () => {
    const { status, stdout, stderr } = explain(
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
  posts does not match: it is for changes from "contentful"

POST /cdn/purges
  {
    "name": "cdn-pro-purger",
    "target": "production",
    "action": "delete",
    "fileUrls": [
      "https://www.example.com/a%20b.html"
    ]
  }

POST /cdn/purges, after 60 s
  {
    "name": "cdn-pro-purger",
    "target": "production",
    "action": "delete",
    "fileUrls": [
      "https://www.example.com/a%20b.html"
    ]
  }
`);
    expect(status).toBe(0);
  });

  test('says why nothing matches, and ends with 1', () => {
    const { status, stdout } = explain('s3://www/site/app.js.map', '--config', config);
    expect(stdout).toContain('pages does not match: left out by except: key "site/{+path}.map"');
    expect(stdout).toContain('No rule matches: nothing would be purged.');
    expect(status).toBe(1);
  });

  test('says where its change would not even arrive', () => {
    expect(explain('s3://www/drafts/a', '--config', config)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('it would not arrive: only keys that begin with "site/" are watched'),
    });
  });

  test('names a URL that is refused', () => {
    const { stdout, status } = explain('s3://www/site/a/../b', '--config', config);
    expect(stdout).toContain('refused: https://www.example.com/{+path}: a browser resolves');
    expect(stdout).toContain('Nothing would be purged.');
    expect(status).toBe(1);
  });
});

/** A configuration of its own, with these sources and one rule. */
function configWith(name: string, sources: object, fileUrls: readonly string[]): string {
  const file = scratch.path(`${name}.json`);
  const rules = [{ match: { source: 's3', key: 'site/{+path}' }, purge: { fileUrls } }];
  writeFileSync(file, JSON.stringify({ credentials: 'x', target: 'production', ...sources, rules }));
  return file;
}

describe('a hint', () => {
  const buckets = [{ name: 'www' }];
  const file = configWith('slashes', { buckets }, [
    'https://a.example/{path}',
    'https://b.example/{+path}?from={path}',
    'https://c.example/x/{key}',
  ]);

  test('says where a value loses its slashes, and how to keep them', () => {
    const { stdout, status } = explain('s3://www/site/blog/a.html', '--config', file);
    expect(stdout.split('\n').filter((line) => line.includes('hint:'))).toEqual([
      '    hint: {path} writes "/" as "%2F" in https://a.example/{path}: write {+path} to keep slashes',
      '    hint: {key} writes "/" as "%2F" in https://c.example/x/{key}: write {+key} to keep slashes',
    ]);
    expect(stdout).toContain('https://a.example/blog%2Fa.html');
    expect(status).toBe(0);
  });

  test('is not given for a value without slashes, nor for a rule that does not match', () => {
    expect(explain('s3://www/site/a.html', '--config', file).stdout).not.toContain('in https://a.example');
    expect(explain('s3://www/other/blog/a.html', '--config', file).stdout).not.toContain('hint:');
  });
});

describe('what is watched', () => {
  const arnOf = (service: string) => `arn:aws:${service}:us-east-1:111122223333:events`;
  const sources = {
    buckets: [{ name: 'www', suffix: '.html' }],
    topics: [{ arn: arnOf('sns'), bucket: 'by-topic', prefix: 'site/', suffix: '.html' }],
    queues: [{ arn: arnOf('sqs'), bucket: 'by-queue' }],
  };
  const urls = ['https://h.example/{+path}'];
  const file = configWith('sources', sources, urls);

  test.each([
    ['s3://www/site/a.html', undefined],
    ['s3://www/site/a.css', 'only keys that end with ".html" are watched'],
    ['s3://by-topic/site/a.html', undefined],
    ['s3://by-topic/site/a.css', 'only keys that begin with "site/" and end with ".html" are watched'],
    ['s3://by-queue/site/a.css', undefined],
    ['s3://other/site/a.html', 'no bucket "other" is watched'],
  ])('%s: %s', (object, reason) => {
    const { stdout, status } = explain(object, '--config', file);
    const found = /it would not arrive: (.*)/.exec(stdout)?.[1];
    expect([found, status]).toEqual([reason, reason === undefined ? 0 : 1]);
  });

  test('is any bucket that a topic without a filter carries', () => {
    const topics = configWith('topic', { topics: [{ arn: arnOf('sns') }] }, urls);
    expect(explain('s3://any/site/a.html', '--config', topics)).toMatchObject({
      status: 0,
      stdout: expect.not.stringContaining('it would not arrive'),
    });
  });
});

describe('a stage', () => {
  test('is the one that is asked for, and the first one otherwise', () => {
    const stage = (host: string) => ({
      credentials: 'x',
      target: 'production',
      buckets: [{ name: 'www' }],
      rules: [{ match: { source: 's3' }, purge: { fileUrls: [`https://${host}/{+key}`] } }],
    });
    const file = scratch.path('staged.json');
    writeFileSync(file, JSON.stringify({ stages: { live: stage('live.example'), qa: stage('qa.example') } }));
    const explainStage = (...args: readonly string[]) => explain('s3://www/a', '--config', file, ...args);
    expect(explainStage().stdout).toContain('invalidate file https://live.example/a');
    expect(explainStage('--stage', 'qa').stdout).toContain('invalidate file https://qa.example/a');
    expect(explainStage('--stage', 'q')).toMatchObject({
      status: 2,
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

  test('of S3 is read as the function reads it', () => {
    const { stdout, status } = explainEvent(notification, '--json');
    const explanation = JSON.parse(stdout) as { changes: unknown[] };
    const fileUrls = ['https://www.example.com/a%20b+.html', 'https://www.example.com/a%20b%2B.html'];
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
    });
    expect(status).toBe(0);
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

  test('of a webhook is a body with its source, and headers where the source needs them', () => {
    const { stdout, status } = explainEvent(entry, '--source', 'contentful', '--header', topic);
    expect(stdout).toContain('put e1 from contentful in en-US');
    expect(stdout).toContain('posts matches: language = "en", region = "US"');
    expect(stdout).toContain('posts does not match: its locale is "de", expected "{language}-{region}"');
    expect(status).toBe(0);
  });

  test('of a webhook can bring its headers, and its name tells the source', () => {
    const event = {
      webhook: 'shop',
      headers: { 'X-Contentful-Topic': 'ContentManagement.Entry.publish' },
      body: entry,
    };
    expect(explainEvent(event)).toMatchObject({ status: 0 });
  });

  test('that changes nothing says so, and ends with 1', () => {
    const draft = 'X-Contentful-Topic: ContentManagement.Entry.save';
    expect(explainEvent(entry, '--source', 'contentful', '--header', draft)).toMatchObject({
      status: 1,
      stdout: 'nothing to purge: Entry.save changes a draft\n\nNo rule matches: nothing would be purged.\n',
    });
  });
});

describe('what would really go out', () => {
  test('of two changes of one object in one event, the newer one says what is done', () => {
    const record = (eventName: string, sequencer: string) => ({
      eventSource: 'aws:s3',
      eventName,
      eventTime: '2026-01-01T00:00:00.000Z',
      s3: { bucket: { name: 'www' }, object: { key: 'site/a.html', sequencer } },
    });
    const event = { Records: [record('ObjectCreated:Put', '02'), record('ObjectRemoved:Delete', '01')] };
    const { status, stdout } = explainEvent(event, '--json');
    const { purges } = JSON.parse(stdout) as { purges: { requests: { action: string }[] }[] };
    expect(purges.flatMap(({ requests }) => requests.map(({ action }) => action))).toEqual([
      'invalidate',
      'invalidate',
    ]);
    expect(status).toBe(0);
    expect(explainEvent(event).stdout).toContain('a newer change came with it: put');
  });

  test('nothing, where the bucket is not watched', () => {
    const { status, stdout } = explain('s3://other/site/a.html', '--config', config);
    expect(stdout).toContain('it would not arrive: no bucket "other" is watched');
    expect(stdout).toContain('Nothing would be purged.');
    expect(status).toBe(1);
  });

  test('what a wildcard covers is named, though the request does not name it', () => {
    const { stdout } = explain('--event', 'events/contentful-publish.json');
    expect(stdout).toContain('which purges this, too: https://www.example.com/blog/hello-world');
  });
});

describe('a command that is wrong ends with 2 and says what was expected', () => {
  test.each([
    [[], 'Expected s3://BUCKET/KEY or --event, got neither'],
    [['s3://www'], 'Expected an object such as s3://bucket/key, got "s3://www"'],
    [['s3://www/a', '--action', 'move'], 'Expected --action to be put or delete, got "move"'],
    [['s3://www/a', '--event', 'x'], 'Expected s3://BUCKET/KEY or --event, got both'],
    [['--event', 'does-not-exist.json'], 'does-not-exist.json cannot be read'],
    [['--event', 'events/s3-put.json', '--source', 'nobody'], 'Expected --source to be s3 or one of'],
    [['--evnt', 'x'], "Unknown option '--evnt'"],
    [['s3://www/a', '--config', 'does-not-exist.json'], 'does-not-exist.json has an issue'],
  ])('%j', (args, message) => {
    const { status, stdout, stderr } = explain(...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
