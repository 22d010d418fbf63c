import { describe, expect, test } from 'vitest';
import { compileExplanations, compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { emptyMemory, recordObservations } from '../../functions/core/mapping/entry-memory.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { readMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { FileEntry, Shows } from '../../functions/core/model/types.ts';
import { judge } from '../../functions/core/proving/judge.ts';
import { validateRules } from '../../infra/settings/rules/check-rules.ts';
import { probedHosts } from '../../infra/settings/rules/probed-hosts.ts';
import { ruleSchema } from '../../infra/settings/rules/rule-schema.ts';
import { createFollowWorld, messageFor } from '../helpers/follow-world.ts';

const page = 'https://h.example/page';
const shows: Shows = { header: { name: 'X-Entry-Version', value: '7' }, sinceMs: 1000 };
const rule: Rule = {
  match: { source: 'contentful' },
  purge: { fileUrls: ['https://h.example/{slug}'] },
  proof: { header: 'X-Entry-Version', value: 'v{fields.version}' },
};

describe('a page of a CMS', () => {
  test.each([
    ['proven by the version in the header', { status: 200, version: '7 ' }, 'proven'],
    [
      'not proven by another version, which may be newer',
      { status: 200, version: '6', lastModifiedMs: 0 },
      'unproven',
    ],
    ['not proven without the header, whatever its ETag is', { status: 200, etag: '"7"' }, 'unproven'],
    ['not proven by an error page', { status: 500, version: '7' }, 'unproven'],
  ] as const)('is %s', (_, answer, kind) => {
    expect(judge(page, shows, answer).kind).toBe(kind);
  });

  test.each([
    ['7', ['fresh']],
    ['6', ['completed']],
  ])('ends by what its header says: %s', async (version, ends) => {
    const world = createFollowWorld({ edgeSays: () => ({ status: 200, version }) });
    world.nowMs += 3000;
    const { entries, ...message } = messageFor(page);
    const purgeId = await world.accept([
      { ...message, entries: entries.map((entry) => ({ ...(entry as FileEntry), shows })) },
    ]);
    await world.tick();
    expect([world.ends(purgeId), world.measured('Repairs')]).toEqual([ends, []]);
  });

  test('keeps its version in a message, and what is not understood of it is left out', () => {
    const entry: FileEntry = { kind: 'file', url: page, target: 'production', action: 'invalidate', shows };
    const message = { v: 1 as const, entries: [entry] };
    expect(readMessage(writeMessage(message))).toEqual({ kind: 'message', message });
    const strange = { v: 1, entries: [{ ...entry, shows: { sinceMs: 5, header: { name: 7 } } }] };
    expect(readMessage(JSON.stringify(strange))).toMatchObject({
      message: { entries: [{ shows: { sinceMs: 5 } }] },
    });
  });

  test('has its version by the template of its rule, which `explain` shows, and no rule gives it a wrong one', () => {
    const change = {
      source: 'contentful',
      webhook: 'contentful',
      id: '1',
      action: 'put',
      occurredAt: '2026-11-26T00:00:00Z',
    } as const;
    const rules = compileRules({ target: 'production', rules: [rule] });
    const explain = compileExplanations({ target: 'production', rules: [rule] });
    const showsOf = (version: string) =>
      rules.map({ ...change, fields: { slug: 'page', 'fields.version': version } }).entries;
    const header = { name: 'X-Entry-Version', value: 'v7' };
    expect(showsOf('7')).toMatchObject([{ url: page, shows: { header } }]);
    expect(explain({ ...change, fields: { slug: 'page', 'fields.version': '7' } })).toMatchObject([
      { entries: [{ shows: { header } }] },
    ]);
    for (const version of ['7\r\nx: y', '\u{1f600}', 'x'.repeat(300)]) {
      expect(showsOf(version)).toEqual([expect.objectContaining({ shows: { sinceMs: expect.any(Number) } })]);
    }
  });
});

test('an older change of an entry that comes late expects no version', () => {
  const entry: FileEntry = { kind: 'file', url: page, target: 'production', action: 'invalidate', shows };
  const timed = [{ entry, delaysSeconds: [0] }];
  const observed = (atMs: number) => ({
    fromMs: atMs,
    untilMs: atMs,
    locale: 'en',
    action: 'put' as const,
    entries: timed,
    onDelete: timed,
    former: [],
    isPartial: false,
    onlyIfRemembered: false,
    affectsAllLocales: false,
  });
  const { memory, entries } = recordObservations(emptyMemory, [observed(2000)]);
  expect(entries).toEqual(timed);
  expect(recordObservations(memory, [observed(1000)]).entries).toEqual([
    { entry: { ...entry, shows: { sinceMs: 1000 } }, delaysSeconds: [0] },
  ]);
});

describe('what proves a page', () => {
  const issuesOf = (own: object) => validateRules({ rules: [{ ...rule, ...own }] });

  test('is checked at synth', () => {
    expect(issuesOf({})).toEqual([]);
    expect(ruleSchema.safeParse(rule).success).toBe(true);
    expect(ruleSchema.safeParse({ ...rule, proof: { header: 'x y', value: '{id}' } }).success).toBe(false);
    expect(ruleSchema.safeParse({ ...rule, proof: { header: 'x' } }).success).toBe(false);
  });

  test.each([
    ['proof', { match: { source: 's3', key: '{slug}' } }],
    ['proof', { purge: { dirUrls: ['https://h.example/{slug}/'] } }],
    ['proof.value', { proof: { header: 'x', value: 'fixed' } }],
    ['proof.value', { proof: { header: 'x', value: '{fields.tags.*}' } }],
    ['proof.value', { proof: { header: 'x', value: '{verson}' } }],
    ['proof.value', { proof: { header: 'x', value: '{fields.version' } }],
  ])('has an issue at %s: %j', (path, own) => {
    expect(issuesOf(own).map((issue) => issue.path.join('.'))).toEqual([`rules.0.${path}`]);
  });

  test('has its hosts among those that may be probed', () => {
    expect(probedHosts({ rules: [rule] })).toEqual(['h.example']);
    const { proof: _, ...unproven } = rule;
    expect(probedHosts({ rules: [unproven] })).toEqual([]);
  });
});
