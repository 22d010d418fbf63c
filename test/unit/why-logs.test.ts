import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, test } from 'vitest';
import { enqueueEvents, s3Events, webhookEvents } from '../../functions/lambda/log-events.ts';
import { describeFurther } from '../../infra/cli/commands/journal/describe-further.ts';
import { lookFurther } from '../../infra/cli/commands/journal/look-further.ts';
import { readDeployed } from '../../infra/cli/explain/purger/deployed-purger.ts';
import { purgerOfConfig } from '../../infra/cli/explain/purger/explained-purger.ts';
import { localClients } from '../../infra/cli/purger/clients.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { readUrlLines } from '../../infra/cli/purger/logs/read-lines.ts';
import { describeLines } from '../../infra/cli/queries/logs/describe-lines.ts';
import { leftOutTerms, linesOfUrl, patternOf, urlTerms } from '../../infra/cli/queries/logs/url-lines.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { descriptionWith } from '../helpers/purger-description.ts';

const startMs = Date.UTC(2026, 10, 26, 8);
const url = 'https://h.example/blog/a%20b.html';
const line = (seconds: number, message: string, fields: object, service = 'receive-s3') => ({
  atMs: startMs + seconds * 1000,
  text: JSON.stringify({ level: 'INFO', message, service, ...fields }),
});

describe('what the logs have of a URL', () => {
  const raw = [
    line(1, enqueueEvents.changeUnmatched, { change: { id: 's3://www/blog/a b.html' } }),
    line(
      2,
      webhookEvents.unverified,
      { webhook: 'contentful', reason: 'wrong signature' },
      'receive-webhook',
    ),
    line(3, webhookEvents.unverified, { webhook: 'contentful', reason: 'too old' }, 'receive-webhook'),
    line(4, 'purge accepted', { purgeId: 'p1', urls: [url] }, 'submit'),
    line(5, 'purge accepted', { purgeId: 'p2', urls: ['https://h.example/other'] }, 'submit'),
    { atMs: startMs, text: 'START RequestId' },
  ];
  const found = { ...linesOfUrl(raw, urlTerms(url, []), startMs), isComplete: true };

  test('are the lines that name it or its file, and what receivers have left out meanwhile', () => {
    expect(found.lines).toEqual([
      { at: '2026-11-26T08:00:04.000Z', by: 'submit', message: 'purge accepted', about: 'p1' },
      {
        at: '2026-11-26T08:00:01.000Z',
        by: 'receive-s3',
        message: 'change matches no rule',
        about: 's3://www/blog/a b.html',
      },
    ]);
    expect(found.leftOut).toEqual([
      {
        message: 'webhook refused: not verified',
        count: 2,
        lastAt: '2026-11-26T08:00:03.000Z',
        about: 'contentful: too old',
      },
      expect.objectContaining({ message: 'change matches no rule', count: 1 }),
    ]);
  });

  test('are not those of other pages below it, nor those in which its path is a part of a word', () => {
    const others = [
      line(1, 'purge accepted', { purgeId: 'p1', first: 'https://h.example/en/other' }),
      line(2, enqueueEvents.changeUnmatched, { change: { id: 's3://www/blog/index.html.map' } }),
    ];
    const named = (page: string, own: object) =>
      linesOfUrl([...others, line(3, 'own', own)], urlTerms(page, []), startMs).lines.map(
        ({ message }) => message,
      );
    expect(named('https://h.example/', { first: 'https://h.example/' })).toEqual(['own']);
    expect(named('https://h.example/en', { reason: 'refused https://h.example/en: no host' })).toEqual([
      'own',
    ]);
    expect(named('https://h.example/e', { change: { id: 's3://www/site/e' } })).toEqual(['own']);
    expect(named('https://h.example/blog/', { change: { id: 's3://www/blog/index.html' } })).toEqual(['own']);
  });

  test('is printed on one line each', () => {
    const printed = describeLines(found);
    expect(printed).toContain(
      'Logs since 2026-11-26T08:00:00.000Z:\n  2026-11-26T08:00:04.000Z  submit: purge accepted (p1)\n',
    );
    expect(printed).toContain(
      '      2  webhook refused: not verified; the last one 2026-11-26T08:00:03.000Z, contentful: too old',
    );
    expect(describeLines({ ...found, lines: [], isComplete: false })).toContain('was not read in full');
  });
});

test('every message of something left out is looked for, in a pattern that CloudWatch takes', () => {
  const messages = [
    enqueueEvents.changeUnmatched,
    enqueueEvents.changeExcepted,
    enqueueEvents.changeNotQueued,
    enqueueEvents.changeUnpurgeable,
    enqueueEvents.urlInvalid,
    s3Events.eventIgnored,
    s3Events.changesFiltered,
    s3Events.changeUnchanged,
    s3Events.recordNotUnderstood,
    webhookEvents.notProcessed,
    webhookEvents.notQueued,
    webhookEvents.unverified,
    webhookEvents.malformed,
    webhookEvents.unknownOrTooLarge,
    webhookEvents.ignored,
    webhookEvents.seenBefore,
  ];
  const raw = messages.map((message, second) => line(second, message, {}));
  expect(linesOfUrl(raw, [], startMs).leftOut).toHaveLength(messages.length);
  for (const message of messages) expect(leftOutTerms.some((term) => message.includes(term))).toBe(true);
  const long = Array.from({ length: 50 }, (_, at) => `s3://www/${'x'.repeat(60)}${at}`);
  for (const terms of [leftOutTerms, urlTerms(url, long)]) {
    expect(patternOf(terms).length).toBeLessThanOrEqual(1024);
  }
});

test('a page of a directory is looked for by the file that it comes from, and never by what a pattern cannot hold', () => {
  expect(urlTerms('https://h.example/', [])).toEqual(['https://h.example/', 'index.html']);
  expect(urlTerms('https://h.example/blog/', [])).toEqual(['https://h.example/blog/', 'blog/index.html']);
  expect(urlTerms('https://h.example/%22a%5C', ['s3://b/"'])).toEqual(['https://h.example/%22a%5C']);
  expect(urlTerms('https://h.example/%ff', [])).toEqual(['https://h.example/%ff', '%ff']);
});

test('logs are read back from now, an hour at a time, and where there are too many it is said from when on', async () => {
  const hourMs = 3_600_000;
  const nowMs = startMs + 5 * hourMs;
  const lines = Array.from({ length: 5 }, (_, hour) => line(hour * 3600 + 60, 'x', { urls: [url] }));
  const asked: number[] = [];
  const read = (perPage: number) => {
    const send = async ({
      input,
    }: {
      input: { startTime: number; endTime: number; logGroupName: string };
    }) => {
      asked.push(input.startTime);
      const own = lines.filter(({ atMs }) => atMs >= input.startTime && atMs < input.endTime);
      return {
        events: own.flatMap(({ atMs, text }) =>
          Array.from({ length: perPage }, (_, n) => ({ timestamp: atMs + n, message: text })),
        ),
      };
    };
    const client = Object.assign(new CloudWatchLogsClient({ region: 'eu-west-1' }), { send });
    const clients = { logs: async () => client };
    const purger = { clients, logGroups: ['a'] } as unknown as Purger;
    return readUrlLines(purger, { terms: [url], sinceMs: startMs, longestMs: 1000, nowMs: () => nowMs });
  };
  const all = await read(1);
  expect(all).toMatchObject({ since: new Date(startMs).toISOString(), isComplete: true });
  expect(all.lines).toHaveLength(5);
  expect(Math.min(...asked)).toBe(startMs);
  expect(await read(1500)).toMatchObject({
    since: new Date(nowMs - 2 * hourMs).toISOString(),
    isComplete: false,
  });
});

const nothingKnown = {
  purges: [],
  parked: [],
  letters: [],
  queued: 0,
  lettersLeft: 0,
  paused: false,
  observing: false,
  hosts: [],
};

const rulesOf = (config: PurgerConfig) =>
  ({ from: 'this configuration', read: async () => purgerOfConfig(config) }) as const;

test('a page of a host that no rule names is not asked for at edges, and the rest is there all the same', async () => {
  const other = 'https://other.example/a';
  const purger = { clients: {}, hosts: ['h.example'], leftOut: 0, target: 'production' } as unknown as Purger;
  const lookedAt = { url: other, match: matchUrl(other), facts: nothingKnown, nowMs: () => startMs };
  const config = { credentials: 'x', target: 'production', rules: [] } as const;
  const found = await lookFurther(purger, lookedAt, {
    edges: { edgeAt: [], origin: undefined },
    rules: rulesOf(config),
  });
  expect(found).toEqual({
    purgedBy: [],
    rulesFrom: 'this configuration',
    problems: ['edges: no rule makes URLs of the host other.example, only of h.example'],
  });
  const before = [['status', 'what waits']] as const;
  expect(describeFurther(other, found, before)).toMatch(
    /No change purges it.*\n\nNot looked at:\n {2}edges: no rule .*\n\nNext: npx cdn-purger explain s3:\/\/BUCKET\/KEY {2}# .*\n {6}npx cdn-purger status {2}# what waits$/s,
  );
  const staging = { ...purger, target: 'staging', hosts: [] } as unknown as Purger;
  const { problems } = await lookFurther(staging, lookedAt, { edges: { edgeAt: [], origin: undefined } });
  expect(problems).toEqual([
    'edges: no name leads to those of staging, and probe.edges has none: name one with --edge-at ADDRESS',
  ]);
});

test('the origin of a page without a change is the object that the rules make it of, and no other', async () => {
  const page = 'https://h.example/blog/a.html';
  const found = async (key: string, fileUrl: string, facts: object = {}) => {
    const head = async () => {
      throw Object.assign(new Error('none'), { name: 'NotFound', $metadata: {} });
    };
    const purger = {
      clients: { objects: async () => ({ send: head }) },
      tables: {},
      hosts: ['h.example'],
      leftOut: 0,
      target: 'production',
      vantages: [],
    } as unknown as Purger;
    const config = {
      credentials: 'x',
      target: 'production',
      buckets: [{ name: 'www' }],
      rules: [{ match: { source: 's3', key }, purge: { fileUrls: [fileUrl] } }],
    } as const;
    const known = { ...nothingKnown, ...facts };
    const lookedAt = { url: page, match: matchUrl(page), facts: known, nowMs: () => startMs };
    return lookFurther(purger, lookedAt, {
      edges: { edgeAt: ['127.0.0.1:9'], origin: undefined },
      rules: rulesOf(config),
    });
  };
  const own = await found('{+key}', 'https://h.example/{+key}');
  expect(own.now?.origin).toMatchObject({ from: 's3://www/blog/a.html', status: 404 });
  // What only shows the object is no file of it.
  const listing = await found('blog/index.json', page);
  expect(listing.objects).toMatchObject([{ id: 's3://www/blog/index.json' }]);
  expect(listing.now).not.toHaveProperty('origin');
  // What another change made stale may show something newer than the object.
  const change = {
    source: 'contentful',
    action: 'put',
    id: '1',
    occurredAt: new Date(startMs).toISOString(),
  };
  const entry = { kind: 'file', url: page, target: 'production', action: 'invalidate' };
  const purge = {
    purgeId: 'p',
    acceptedMs: startMs,
    state: { kind: 'completed' },
    messages: [{ v: 1, change, entries: [entry] }],
  };
  const changed = await found('{+key}', 'https://h.example/{+key}', { purges: [purge] });
  expect(changed.now).not.toHaveProperty('origin');
});

test('why says what leaves the changes of a page out: an exception of a rule, or its query string', async () => {
  const config: PurgerConfig = {
    credentials: 'x',
    target: 'production',
    buckets: [{ name: 'www' }],
    rules: [
      {
        name: 'pages',
        match: { source: 's3', key: '{+path}' },
        except: 'blog/{+path}',
        purge: { fileUrls: ['https://h.example/{+path}'] },
      },
    ],
  };
  const inWords = async (page: string) => {
    const purger = {
      clients: {},
      tables: {},
      hosts: [],
      leftOut: 0,
      target: 'production',
    } as unknown as Purger;
    const lookedAt = { url: page, match: matchUrl(page), facts: nothingKnown, nowMs: () => startMs };
    return describeFurther(page, await lookFurther(purger, lookedAt, { rules: rulesOf(config) }));
  };
  expect(await inWords('https://h.example/blog/a.html')).toBe(
    'What purges it, by the rules of this configuration:\nhttps://h.example/blog/a.html\n  No change purges it.\n  pages: s3://www/blog/a.html is left out by except: key "blog/{+path}"\n\nNext: npx cdn-purger explain s3://www/blog/a.html  # what leaves it out, in full',
  );
  expect(await inWords('https://h.example/news?page=2')).toMatch(
    /It is purged without its query string: https:\/\/h\.example\/news\. .*those to purge\.$/,
  );
});

test('rules that cannot be read are said to be, and the rest is there all the same', async () => {
  const lookedAt = { url, match: matchUrl(url), facts: nothingKnown, nowMs: () => startMs };
  const purger = descriptionWith() as Purger;
  const rules = { from: 'the deployed purger', read: () => readDeployed(purger) } as const;
  expect(await lookFurther(purger, lookedAt, { rules })).toEqual({
    problems: [
      expect.stringMatching(
        /^rules: Expected the purger to say .*name its configuration with --config FILE$/,
      ),
    ],
  });
});

test('what may not be read is said, and the rest is there all the same', async () => {
  const refusal = Object.assign(new Error('not yours'), { name: 'AccessDeniedException', $metadata: {} });
  const client = Object.assign(new CloudWatchLogsClient({ region: 'eu-west-1' }), {
    send: () => Promise.reject(refusal),
  });
  const purger = { clients: { logs: async () => client }, logGroups: ['a'] } as unknown as Purger;
  const facts = { ...nothingKnown, hosts: ['h.example'] };
  const lookedAt = { url, match: matchUrl(url), facts, nowMs: () => startMs };
  const config = { credentials: 'x', target: 'production', rules: [] } as const;
  const found = await lookFurther(purger, lookedAt, {
    logs: { sinceMs: startMs - 1000, longestMs: 1000 },
    rules: rulesOf(config),
  });
  expect(found).toEqual({
    purgedBy: [],
    rulesFrom: 'this configuration',
    problems: [expect.stringContaining('logs: AWS: AccessDenied')],
  });
  expect(describeFurther(url, found)).toMatch(/No change purges it.*\n\nNot looked at:\n {2}logs: AWS: Acc/s);
  const bug = {
    ...purger,
    clients: { logs: () => Promise.reject(new TypeError('bug')) },
  } as unknown as Purger;
  await expect(lookFurther(bug, lookedAt, { logs: { sinceMs: 0, longestMs: 1000 } })).rejects.toThrow('bug');
});

test('logs are asked for as often as CloudWatch allows, not as often as there is something to ask', async () => {
  const endpoint = 'http://127.0.0.1:1';
  const services = { sqs: endpoint, dynamodb: endpoint, secretsManager: endpoint, lambda: endpoint };
  const endpoints = { ...services, eventBridge: endpoint, logs: endpoint };
  const { config } = (await localClients({ region: 'eu-west-1', endpoints }).logs?.()) ?? {};
  expect(await config?.maxAttempts()).toBe(10);
  expect(await config?.retryStrategy()).toMatchObject({ mode: 'adaptive' });
});
