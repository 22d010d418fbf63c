import { describe, expect, test } from 'vitest';
import { enqueueChanges } from '../../functions/buffer/enqueue-changes.ts';
import type { OutgoingMessage, UnsentMessage } from '../../functions/buffer/send-messages.ts';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { type ReadPart, readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { OriginChange, PurgeEntry } from '../../functions/core/model/types.ts';
import { fileEntry, objectChange } from '../helpers/changes.ts';

const site: Rule = {
  match: { source: 's3', key: '{+path}' },
  purge: { fileUrls: ['https://h.example/{+path}'] },
};

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

async function enqueue(
  changes: readonly OriginChange[],
  rules: readonly Rule[],
  unsent: readonly UnsentMessage[] = [],
) {
  const sent: OutgoingMessage[] = [];
  const lines: Line[] = [];
  const metrics = new Map<string, number>();
  const write = (level: string) => (message: string, fields: Record<string, unknown>) => {
    lines.push({ level, message, fields });
  };
  const result = await enqueueChanges(changes, {
    rules: compileRules({ target: 'production', rules }),
    send: async (messages) => {
      sent.push(...messages);
      return unsent;
    },
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    measure: (name, value) => void metrics.set(name, (metrics.get(name) ?? 0) + value),
  });
  return {
    result,
    sent,
    lines,
    metrics: Object.fromEntries(metrics),
    bodies: sent.flatMap(({ body }) => readMessages(body).map(entriesOf)),
  };
}

function entriesOf(read: ReadPart): readonly PurgeEntry[] {
  return read.kind === 'message' ? read.message.entries : [];
}

const entry = fileEntry('https://h.example/a');

test('a change names the rules that it matched, which the message, the log and the dead letter queue have', async () => {
  const rules = [{ ...site, name: 'site' }, { ...site, match: { source: 's3', key: 'other/{+path}' } }, site];
  const { sent } = await enqueue([objectChange('a')], rules);
  const [read] = readMessages(sent[0]?.body ?? '');
  expect(read).toMatchObject({ message: { change: { id: 's3://site/a', rules: ['site', 'rules[2]'] } } });
  // What a configuration calls its rules never makes a message too long to be sent.
  const many = Array.from({ length: 30 }, () => ({ ...site, name: '\ud83d\u0000\uffff'.repeat(100_000) }));
  const [few] = (await enqueue([objectChange('a')], many)).sent;
  expect(few?.body.length).toBeLessThan(10_000);
  expect(readMessages(few?.body ?? '')).toMatchObject([{ kind: 'message', message: { entries: [entry] } }]);
});

test('what only an exception leaves out is neither unmatched nor counted', async () => {
  const rules: Rule[] = [{ ...site, except: ['assets/{+hashed}'] }];
  const { lines, metrics, sent } = await enqueue(
    [objectChange('assets/a.1b2c.js'), objectChange('b.js')],
    rules,
  );
  expect(lines.map(({ message }) => message)).toEqual([
    'change left out by an exception of a rule',
    'change queued',
  ]);
  expect(metrics).toEqual({ ChangesQueued: 1 });
  expect(sent).toHaveLength(1);
});

describe('delays', () => {
  test('a rule without one sends at once', async () => {
    const { sent } = await enqueue([objectChange('a')], [site]);
    expect(sent).toEqual([{ body: expect.any(String) }]);
  });

  test("a delay is the message's, and a repetition is a separate message", async () => {
    const { sent, bodies } = await enqueue(
      [objectChange('a')],
      [{ ...site, delaySeconds: 30, repeatAfterSeconds: 60 }],
    );
    expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([30, 90]);
    expect(bodies).toEqual([[entry], [entry]]);
  });

  test('all purges of an entry but the last say that a later one is scheduled, and no other entry does', async () => {
    const listing: Rule = { ...site, purge: { fileUrls: ['https://h.example/'] } };
    const { sent } = await enqueue(
      [objectChange('a')],
      [listing, { ...site, repeatAfterSeconds: 60 }, { ...site, delaySeconds: 90 }],
    );
    const marks = sent.map(({ body, delaySeconds = 0 }) => [
      delaySeconds,
      JSON.parse(body).scheduledAgain,
      ...readMessages(body)
        .flatMap(entriesOf)
        .map((each) => 'url' in each && each.url),
    ]);
    expect(marks).toEqual([
      [0, undefined, 'https://h.example/'],
      [0, true, 'https://h.example/a'],
      [60, true, 'https://h.example/a'],
      [90, undefined, 'https://h.example/a'],
    ]);
  });

  test('rules with the same delay share a message, without duplicates', async () => {
    const { sent, bodies } = await enqueue(
      [objectChange('a')],
      [site, { ...site, repeatAfterSeconds: 60 }, { ...site, delaySeconds: 60 }],
    );
    expect(sent.map(({ delaySeconds = 0 }) => delaySeconds)).toEqual([0, 60]);
    expect(bodies).toEqual([[entry], [entry]]);
  });
});

describe('order', () => {
  const put = objectChange('a', { sequencer: '02' });
  const removed = objectChange('a', { sequencer: '01', action: 'delete' });

  test.each([
    ['first', [removed, put]],
    ['last', [put, removed]],
  ])('a delete that a put supersedes is one invalidate, be it %s', async (_, changes) => {
    const { bodies, result, lines } = await enqueue(changes, [site]);
    expect(bodies).toEqual([[entry]]);
    expect(result.failed).toEqual([]);
    expect(lines.find(({ fields }) => fields.overtakenBy)?.fields).toMatchObject({
      change: { action: 'delete' },
      overtakenBy: { action: 'put', sequencer: '02' },
    });
  });

  test('a put that a delete supersedes is one delete', async () => {
    const { bodies } = await enqueue(
      [
        { ...put, sequencer: '01' },
        { ...removed, sequencer: '02' },
      ],
      [site],
    );
    expect(bodies).toEqual([[{ ...entry, action: 'delete' }]]);
  });

  test('what only the older change makes stale is purged, too', async () => {
    const listing: Rule = {
      match: { source: 's3', action: 'delete' },
      purge: { fileUrls: ['https://h.example/'] },
    };
    const { bodies } = await enqueue([removed, put], [site, listing]);
    expect(bodies.flat().toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      fileEntry('https://h.example/'),
      entry,
    ]);
  });

  test("a rule's own action stays", async () => {
    const { bodies } = await enqueue([removed, put], [{ ...site, action: 'delete' }]);
    expect(bodies).toEqual([[{ ...entry, action: 'delete' }]]);
  });

  test('without sequencers changes are taken as they come', async () => {
    const { bodies } = await enqueue([objectChange('a', { action: 'delete' }), objectChange('a')], [site]);
    expect(bodies).toEqual([[{ ...entry, action: 'delete' }], [entry]]);
  });
});

test('a URL that cannot be purged is named and counted, and the rest is sent', async () => {
  const { bodies, lines, metrics } = await enqueue([objectChange('a/../b'), objectChange('a')], [site]);
  expect(bodies).toEqual([[entry]]);
  const [warning, ...others] = lines.filter(({ level }) => level === 'warn');
  expect(others).toEqual([]);
  expect(warning?.fields).toMatchObject({
    change: { id: 's3://site/a/../b' },
    problem: {
      rule: 'rules[0]',
      template: 'https://h.example/{+path}',
      reason: expect.stringContaining('..'),
    },
  });
  expect(metrics).toEqual({ RefusedUrls: 1, ChangesQueued: 1 });
});

test('a change of which something was not sent has to come again', async () => {
  const changes = [objectChange('a'), objectChange('b', { action: 'delete' }), objectChange('c')];
  const ofAction = (action: 'put' | 'delete') => ({ ...site, match: { ...site.match, action } });
  const rules: Rule[] = [ofAction('put'), { ...ofAction('delete'), lane: 'takedown' }];
  const { result, lines, metrics } = await enqueue(changes, rules, [{ index: 1, reason: 'InternalError' }]);
  expect(result.failed).toEqual([changes[1]]);
  expect(result.entries).toEqual([entry, fileEntry('https://h.example/c')]);
  expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  expect(metrics).toEqual({ ChangesNotQueued: 1, ChangesQueued: 2 });
});
