import { parseTokens } from '../../../../functions/core/mapping/patterns/tokens.ts';
import { listOf, type Match, type Rule } from '../../../../functions/core/mapping/rule.ts';
import type { EntryChange } from '../../../../functions/core/model/types.ts';
import { anyTime, type Candidate, type NearMiss } from './candidate.ts';
import { type FilledPattern, fillPattern, fillValue, sampleOf, writePattern } from './filled-pattern.ts';
import { samplesFor } from './samples.ts';
import type { Solution } from './solve.ts';

/** A change of an entry, without what happened. */
type Entry = Omit<EntryChange, 'action'>;

/** What a value of an entry has to be, by name. */
type Values = ReadonlyMap<string, FilledPattern>;

/** More combinations of a rule's alternatives are not looked at. */
const maxCombinations = 200;

/**
 * @param needed the variables without which the rule makes no URL
 * @param webhooks the names of the webhooks of the rule's source
 * @returns changes of entries by which a rule may give its variables these values
 */
export function entryCandidates(
  rule: Rule,
  values: Solution,
  needed: readonly string[],
  webhooks: readonly string[],
): readonly Candidate<EntryChange>[] {
  const { match } = rule;
  return combinations(conditionsOf(match)).map((chosen): Candidate<EntryChange> => {
    const captured = new Set([...chosen.values()].flatMap(variablesIn));
    // What may be anything is as the rule wants it.
    const isSaid = (name: string) => values.get(name)?.text !== '' || !chosen.has(name);
    const direct = [...values].filter(([name]) => !captured.has(name) && isSaid(name));
    const wanted: Values = new Map([
      ...[...chosen].map(([name, pattern]) => [name, fillPattern(pattern, values)] as const),
      ...direct.map(([name, value]) => [name, fillValue(value)] as const),
    ]);
    const free = needed.filter((name) => !captured.has(name) && !wanted.has(name));
    const slashed = new Set(
      direct.flatMap(([name, { mayBeginWithSlash }]) => (mayBeginWithSlash ? [name] : [])),
    );
    return {
      words: describeEntry(match.source, wanted, slashed),
      isWhole: false,
      examples: examplesOf(rule, { wanted, free, slashed, webhooks }),
      nearMisses: (example) => nearMissesOf(example, { wanted, free, slashed }),
    };
  });
}

interface Wanted {
  readonly wanted: Values;
  /** The variables that may be anything. */
  readonly free: readonly string[];
  /** Those whose values may begin with a slash or not. */
  readonly slashed: ReadonlySet<string>;
  /** Those by which it may come; none where they are not known. */
  readonly webhooks: readonly string[];
}

function* examplesOf(rule: Rule, { wanted, free, slashed, webhooks }: Wanted): Iterable<Entry> {
  const { source } = rule.match;
  for (const slash of slashed.size > 0 ? ['', '/'] : ['']) {
    for (const sample of samplesFor(rule)) {
      const texts = new Map(free.map((name) => [name, sample]));
      for (const [name, pattern] of wanted) {
        texts.set(name, `${slashed.has(name) ? slash : ''}${sampleOf(pattern, sample)}`);
      }
      // The rule may be for one of them alone, or leave one out.
      for (const webhook of webhooks) yield entryOf(source, new Map([...texts, ['webhook', webhook]]));
      if (webhooks.length === 0) yield entryOf(source, new Map([['webhook', source], ...texts]));
    }
  }
}

function* nearMissesOf(
  example: Entry,
  { wanted, free, slashed }: Omit<Wanted, 'webhooks'>,
): Iterable<NearMiss<EntryChange>> {
  const texts = textsOf(example);
  const changed = (name: string, text: string | undefined): Entry => {
    const all = new Map([...texts, [fieldOf(name), text ?? '']]);
    if (text === undefined) all.delete(fieldOf(name));
    return entryOf(example.source, all);
  };
  for (const name of slashed) {
    const text = `/${texts.get(fieldOf(name)) ?? ''}`;
    yield { words: `one with ${name} = ${JSON.stringify(text)}`, change: changed(name, text) };
  }
  for (const name of free) yield { words: `one without ${name}`, change: changed(name, undefined) };
  for (const [name] of wanted) {
    // There are no others than those of the purger.
    if (name === 'webhook') continue;
    const text = `${texts.get(fieldOf(name)) ?? ''}x`;
    yield { words: `one with ${name} = ${JSON.stringify(text)}`, change: changed(name, text) };
  }
}

/** The values of an entry, by the names that {@link entryOf} takes. */
function textsOf({ id, type, locale, webhook, fields }: Entry): ReadonlyMap<string, string> {
  const all = Object.entries({ id, type, locale, webhook, ...fields });
  return new Map(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])),
  );
}

/** The conditions on values of an entry, each with its alternatives. */
function conditionsOf({
  webhook,
  type,
  locale,
  environment,
  fields = {},
}: Match): ReadonlyMap<string, readonly string[]> {
  const all = Object.entries({ webhook, type, locale, environment, ...fields });
  return new Map(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, listOf(value).map(String)] as const])),
  );
}

/** Each way to choose one of the alternatives of every condition. */
function combinations(
  conditions: ReadonlyMap<string, readonly string[]>,
): readonly ReadonlyMap<string, string>[] {
  let all: readonly ReadonlyMap<string, string>[] = [new Map()];
  for (const [name, alternatives] of conditions) {
    all = all
      .flatMap((chosen) => alternatives.map((each) => new Map([...chosen, [name, each]])))
      .slice(0, maxCombinations);
  }
  return all;
}

function variablesIn(pattern: string): readonly string[] {
  return parseTokens(pattern).flatMap((token) => (token.kind === 'variable' ? [token.name] : []));
}

function entryOf(source: string, values: ReadonlyMap<string, string>): Entry {
  const { id = 'entry', type, locale, webhook = source, source: _, ...others } = Object.fromEntries(values);
  const fields = Object.entries(others).map(([name, value]) => [fieldOf(name), value]);
  return {
    source,
    webhook,
    id,
    occurredAt: anyTime,
    ...(type !== undefined && { type }),
    ...(locale !== undefined && { locale }),
    fields: Object.fromEntries(fields),
  };
}

/** An entry has an item of a list where a rule means any. */
function fieldOf(name: string): string {
  return name.replace('*', '0');
}

/** @returns e.g. `contentful entry with type = "blogPost", slug = "hello"` */
function describeEntry(source: string, wanted: Values, slashed: ReadonlySet<string>): string {
  const values = [...wanted].flatMap(([name, pattern]) => {
    if (!pattern.some(({ kind }) => kind === 'literal')) return [];
    const text = writePattern(pattern);
    const alternatives = slashed.has(name) ? [text, `/${text}`] : [text];
    return [`${name} = ${alternatives.map((each) => JSON.stringify(each)).join(' or ')}`];
  });
  return values.length === 0 ? `any ${source} entry` : `${source} entry with ${values.join(' and ')}`;
}
