import { expect, test } from 'vitest';
import type { Further, FurtherOptions } from '../../infra/cli/commands/journal/look-further.ts';
import { whyExitCode } from '../../infra/cli/commands/journal/why-exit-code.ts';
import type { EdgeShown } from '../../infra/cli/queries/why/edge-now.ts';

const edges = { edgeAt: ['192.0.2.1'], origin: undefined };
const named = { edges: { ...edges, origin: new URL('https://o.example/a') } };
const rules = { from: 'this configuration', read: () => Promise.reject(new Error('not read here')) } as const;
const edge = (version: EdgeShown['version'], reason?: string): EdgeShown => ({
  from: '192.0.2.1',
  version,
  meaning: '',
  ...(reason !== undefined && { reason }),
});
const silent = edge('unknown', 'no answer in time');
const origin = { from: 'https://o.example/a' };
const object = { id: 's3://b/a', meaning: '' };

test.each<[string, 0 | 1 | 2, FurtherOptions, Further]>([
  ['nothing in addition', 0, {}, {}],
  ['an edge that shows the version', 0, { edges }, { now: { edges: [edge('same')] } }],
  ['an edge of which nothing tells the version', 0, { edges }, { now: { edges: [edge('unknown')] } }],
  ['an edge that shows an older version', 1, { edges }, { now: { edges: [silent, edge('older')] } }],
  ['an edge that does not answer', 2, { edges }, { now: { edges: [edge('same'), silent] } }],
  ['no edge that may be asked', 2, { edges }, { problems: ['edges: no rule makes URLs of the host'] }],
  [
    'a named origin that does not answer',
    2,
    named,
    { now: { origin: { ...origin, reason: 'no answer' }, edges: [edge('same')] } },
  ],
  [
    'an object of no name that is not read',
    0,
    { edges },
    { now: { origin: { ...origin, reason: 'not read' }, edges: [edge('same')] } },
  ],
  ['logs that cannot be read', 2, { logs: { sinceMs: 0, longestMs: 1 } }, { problems: ['logs: denied'] }],
  ['an object that has changed since', 1, { rules }, { objects: [{ ...object, isKnown: false }] }],
  ['an object whose change is known', 0, { rules }, { objects: [{ ...object, isKnown: true }] }],
  [
    'an object that cannot be read',
    2,
    { rules },
    { objects: [{ ...object, reason: 'not read: AccessDenied' }] },
  ],
])('a page that is fresh, with %s, ends with %i; one that is not, with 1', (_, code, asked, found) => {
  expect(whyExitCode({ state: 'fresh' }, asked, found)).toBe(code);
  expect(whyExitCode({ state: 'completed' }, asked, found)).toBe(code);
  for (const state of [
    'failed',
    'unknown',
    'waiting',
    'purging',
    'partial',
    'superseded',
    'observed',
  ] as const)
    expect(whyExitCode({ state }, asked, found)).toBe(1);
});
