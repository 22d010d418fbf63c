import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { findSource } from '../../functions/sources/registry.ts';
import { fillFields } from '../../infra/cli/webhooks/fill-fields.ts';
import { sampleEvents } from '../../infra/cli/webhooks/sample-events.ts';
import { readSamples, signSample } from '../../local/demo/samples/samples.ts';
import { allSources } from '../helpers/all-sources.ts';
import { run } from '../helpers/cli.ts';
import { descriptionWith } from '../helpers/purger-description.ts';

const now = '2026-02-03T04:05:06.000Z';
const nowMs = Date.parse(now);

const all = Object.entries(sampleEvents).flatMap(([source, { events, fields }]) =>
  Object.entries(events).map(([event, make]) => ({ source, event, make, fields })),
);

describe.each(all)('$source $event', ({ source, event, make, fields }) => {
  const readingOf = (given: readonly string[]) => {
    const { headers = {}, body } = fillFields(make(now), fields, given);
    const request = {
      method: 'POST',
      path: `/webhooks/${source}`,
      headers,
      body: Buffer.from(JSON.stringify(body)),
    };
    return findSource(source)?.read(request, { webhook: source, nowMs, options: allSources[source] ?? {} });
  };

  it('is understood, as what its name says', () => {
    const reading = readingOf([]);
    expect(reading).toMatchObject({ kind: 'changes' });
    expect(reading).not.toHaveProperty('notUnderstood');
    const changes = reading?.kind === 'changes' ? reading.changes : [];
    const isGone = event === 'delete' || event === 'unpublish';
    expect(changes.map(({ action }) => action === 'delete')).toContain(isGone);
  });

  // A delete of Directus holds nothing but ids.
  const isOfIds = source === 'directus' && event === 'delete';
  const taken = isOfIds ? ['id'] : ['id', 'slug', 'path', 'codename'];

  it.each(Object.keys(fields).filter((name) => taken.includes(name)))('takes the field %s', (name) => {
    const value = name === 'id' ? '4711' : name === 'path' ? 'content/4711.md' : '4711';
    expect(JSON.stringify(readingOf([`${name}=${value}`]))).toContain('4711');
  });
});

test('a field is a variable or a path, and keeps the type of what it replaces', () => {
  const event = { body: { id: 7, list: [{ a: 'x' }], open: true, none: null } };
  const given = ['number=8', 'list.0.a=y=z', 'open=false', 'none.new=1', '__proto__.polluted=1'];
  const { body } = fillFields(event, { number: ['id'] }, given);
  expect(JSON.parse(JSON.stringify(body))).toEqual(
    JSON.parse('{"id":8,"list":[{"a":"y=z"}],"open":false,"none":{"new":"1"},"__proto__":{"polluted":"1"}}'),
  );
  expect({}).not.toHaveProperty('polluted');
  expect(event.body.id).toBe(7);
});

test('a field that is near a variable of the source is refused, and not written where no rule looks', () => {
  const fields = { slug: ['slug'], 'fields.category': ['category'] };
  const fill = (given: string) => fillFields({ body: { slugs: 1, id: 7 } }, fields, [given]).body;
  expect(() => fill('slgu=hello')).toThrow('Unknown field "slgu" (did you mean `slug`?)');
  for (const [given, key] of [
    ['slugs=2', 'slugs'],
    ['other=2', 'other'],
    ['ids=2', 'ids'],
  ] as const) {
    expect(Object.keys(fill(given))).toContain(key);
  }
});

test.each([
  ['id.inner=1', 'Expected id.inner to lead through objects, but id is 7'],
  ['list.first=1', 'Expected list.first to have a number where the list is, got "first"'],
  ['=1', 'Expected --field to be NAME=VALUE, got "=1"'],
])('the field %s is refused', (field, message) => {
  expect(() => fillFields({ body: { id: 7, list: [] } }, {}, [field])).toThrow(message);
});

test.each([
  [
    ['contentstack', 'publish'],
    'a real secret of sixteen bytes',
    'Contentstack signs with its own private key',
  ],
  [['standard-webhooks', 'publish'], 'whpk_MCowBQYDK2VwAyEA', 'got a public key'],
])('nobody else can sign for %j', async (event, secret, message) => {
  const url = 'http://127.0.0.1:1/webhooks/x';
  const { exitCode, stderr } = await run(['send', ...event, '--url', url], { readStdin: async () => secret });
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
});

test('nothing that listens is said in one sentence', async () => {
  const args = ['send', 'ghost', 'publish', '--url', 'http://127.0.0.1:1/webhooks/ghost'];
  expect(await run(args, { readStdin: async () => 'a secret of sixteen bytes' })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('Nothing answers at http://127.0.0.1:1/webhooks/ghost'),
  });
});

test('the samples of npm start happen now', () => {
  for (const sample of readSamples()) {
    if (sample.kind !== 'webhook') continue;
    const { body } = signSample(sample, {
      source: sample.webhook,
      url: 'http://127.0.0.1/webhooks/x',
      secret: 'secret',
      nowMs,
    });
    expect(body).toContain(`"${now}"`);
    expect(body).not.toContain('2026-01-01');
  }
});

test('a webhook for which the parameter had no room is sent to by its URL', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ready-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const ready = join(folder, 'ready.json');
  const purger = descriptionWith({ webhookUrl: 'https://hooks.example.com/webhooks/', webhooksLeftOut: 3 });
  writeFileSync(ready, JSON.stringify({ operation: { purger, region: 'local', endpoints: {} } }));
  const args = ['send', 'contentful', 'publish', '--webhook', 'team-9', '--ready', ready];
  const { exitCode, stderr } = await run(args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('3 have no room there: use --url https://hooks.example.com/webhooks/team-9');
});
