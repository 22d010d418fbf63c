import { exceptionsOf } from '../../../../functions/core/mapping/conditions.ts';
import { compilePattern } from '../../../../functions/core/mapping/patterns/pattern.ts';
import { listOf, type Rule } from '../../../../functions/core/mapping/rule.ts';
import type { ObjectFilter } from '../../../../functions/core/model/objects/object-filter.ts';
import type { ObjectChange } from '../../../../functions/core/model/types.ts';
import {
  type StringSet,
  stringIn,
  stringsFrom,
  stringsOf,
  stringsTo,
} from '../../../settings/rules/pattern-sets.ts';
import { anyTime, type Candidate, type NearMiss } from './candidate.ts';
import {
  type FilledPattern,
  fillPattern,
  fillValue,
  isWhole,
  sampleOf,
  writePattern,
} from './filled-pattern.ts';
import { samplesFor } from './samples.ts';
import type { Solution } from './solve.ts';

/** @returns changes of objects by which a rule may give its variables these values */
export function objectCandidates(
  rule: Rule,
  values: Solution,
  watched: readonly ObjectFilter[],
): readonly Candidate<ObjectChange>[] {
  return bucketsOf(rule, values, watched).flatMap((bucket) =>
    keysOf(rule, values).map((key): Candidate<ObjectChange> => {
      const name = sampleOf(bucket, 'bucket');
      return {
        words: `s3://${writePattern(bucket)}/${writePattern(key)}`,
        isWhole: isWhole(key) && isWhole(bucket),
        examples: examplesOf(name, key, rule, watched),
        nearMisses: () => nearMissesOf(name, key, rule),
      };
    }),
  );
}

function* examplesOf(
  bucket: string,
  key: FilledPattern,
  rule: Rule,
  watched: readonly ObjectFilter[],
): Iterable<Omit<ObjectChange, 'action'>> {
  for (const sample of isWhole(key) ? ['x'] : samplesFor(rule)) yield changeOf(bucket, sampleOf(key, sample));
  if (isWhole(key)) return;
  const prefixes = [...listOf(rule.match.prefix), ''].map(stringsFrom);
  const ways = [...watched.filter((filter) => (filter.bucket ?? bucket) === bucket), {}];
  const exceptions = exceptedKeys(rule);
  const named = listOf(rule.match.key).map((pattern) => stringsOf(compilePattern(pattern)));
  const patterns = named.length > 0 ? named : [stringsFrom('')];
  for (const { prefix: start = '', suffix: end = '' } of ways) {
    for (const prefix of prefixes) {
      for (const ending of stringsTo(end)) {
        for (const pattern of patterns) {
          const sets = [stringsOf({ tokens: key }), pattern, prefix, stringsFrom(start), ending];
          const text = stringIn(sets, exceptions);
          if (text !== undefined) yield changeOf(bucket, text);
        }
      }
    }
  }
}

function* nearMissesOf(bucket: string, key: FilledPattern, rule: Rule): Iterable<NearMiss<ObjectChange>> {
  if (isWhole(key)) return;
  const keys = [...samplesFor(rule).map((sample) => sampleOf(key, sample)), ...keysNextTo(key)];
  for (const each of keys) {
    const change = changeOf(bucket, each);
    yield { words: change.id, change };
  }
}

/** Keys that begin, end, or are divided otherwise than the pattern. */
function* keysNextTo(key: FilledPattern): Iterable<string> {
  const texts = key.map((token) => (token.kind === 'literal' ? token.text : 'x'));
  const withText = (at: number, text: string) => texts.with(at, text).join('');
  for (const [at, token] of [...key.entries()].toReversed()) {
    const text = texts[at] ?? '';
    if (token.kind === 'literal')
      yield* [`${text}x`, `${text.slice(0, -1)}x${text.slice(-1)}`].map((each) => withText(at, each));
    else if (!token.crossesSlashes) yield withText(at, 'x/x');
  }
}

/** The keys that are left out whatever else holds. */
function exceptedKeys({ except }: Rule): readonly StringSet[] {
  return exceptionsOf(except).flatMap(({ key, prefix, ...others }) => {
    const sets = [
      ...listOf(key).map((pattern) => stringsOf(compilePattern(pattern))),
      ...listOf(prefix).map(stringsFrom),
    ];
    const isByOneAlone = key === undefined || prefix === undefined;
    return isByOneAlone && Object.keys(others).length === 0 ? sets : [];
  });
}

function changeOf(bucket: string, key: string): Omit<ObjectChange, 'action'> {
  return { source: 's3', id: `s3://${bucket}/${key}`, occurredAt: anyTime, bucket, key };
}

function keysOf({ match }: Rule, values: Solution): readonly FilledPattern[] {
  const own = values.get('key');
  const patterns = listOf(match.key);
  const isCaptured = patterns.some((pattern) => compilePattern(pattern).variables.includes('key'));
  if (own !== undefined && !isCaptured) {
    // What the rule says of the key may say more of it than its beginning.
    const below = patterns.filter(
      (each) => own.isOpen && compilePattern(each).literalPrefix.startsWith(own.text),
    );
    return below.length > 0 ? below.map((each) => fillPattern(each, values)) : [fillValue(own)];
  }
  if (patterns.length > 0) return patterns.map((pattern) => fillPattern(pattern, values));
  const prefixes = listOf(match.prefix);
  return (prefixes.length > 0 ? prefixes : ['']).map((text) => fillValue({ text, isOpen: true }));
}

/** Those that a rule names, or else those that are watched. */
function bucketsOf(
  { match }: Rule,
  values: Solution,
  watched: readonly ObjectFilter[],
): readonly FilledPattern[] {
  const own = values.get('bucket');
  const patterns = listOf(match.bucket);
  const isCaptured = patterns.some((pattern) => compilePattern(pattern).variables.includes('bucket'));
  if (own !== undefined && !isCaptured) return [fillValue(own)];
  const names = [...new Set(watched.flatMap(({ bucket }) => bucket ?? []))];
  if (patterns.length === 0)
    return names.length > 0
      ? names.map((text) => [{ kind: 'literal', text }])
      : [fillPattern('{bucket}', new Map())];
  return patterns.flatMap((source) => {
    const filled = fillPattern(source, values);
    if (isWhole(filled)) return [filled];
    const pattern = compilePattern(writePattern(filled));
    const fitting = names.filter((name) => pattern.match(name) !== undefined);
    return fitting.length > 0 ? fitting.map((text): FilledPattern => [{ kind: 'literal', text }]) : [filled];
  });
}
