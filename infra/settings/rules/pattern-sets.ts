import type { Pattern } from '../../../functions/core/mapping/patterns/pattern.ts';

/** A set of strings: those that match a pattern, or those that begin with a prefix. */
export interface StringSet {
  readonly steps: readonly Step[];
  /** Whether anything may follow the last step. */
  readonly open: boolean;
}

/** One given character; or one or more of any, with or without slashes. */
type Step = string | { readonly crossesSlashes: boolean };

/** @returns the strings that match a pattern */
export function stringsOf({ tokens }: Pick<Pattern, 'tokens'>): StringSet {
  const steps = tokens.flatMap((token): Step[] =>
    token.kind === 'literal' ? [...token.text] : [{ crossesSlashes: token.crossesSlashes }],
  );
  return { steps, open: false };
}

/** @returns the strings that begin with a prefix */
export function stringsFrom(prefix: string): StringSet {
  return { steps: [...prefix], open: true };
}

/** @returns the strings that end with a suffix, as one or two sets: the suffix alone, and with something before it */
export function stringsTo(suffix: string): readonly StringSet[] {
  if (suffix === '') return [stringsFrom('')];
  const steps: readonly Step[] = [...suffix];
  return [
    { steps, open: false },
    { steps: [{ crossesSlashes: true }, ...steps], open: false },
  ];
}

/** Patterns of a configuration need some hundreds of steps; more are not worth the time. */
const maxVisits = 20_000;

/**
 * Whether there is a string that is in all of some sets and in none of others.
 * @returns true also where the answer would take too long
 */
export function someStringIn(all: readonly StringSet[], none: readonly StringSet[] = []): boolean {
  return search(all, none) !== undefined;
}

/** @returns a string that is in all of some sets and in none of others; undefined also where it would take too long */
export function stringIn(all: readonly StringSet[], none: readonly StringSet[]): string | undefined {
  const found = search(all, none);
  if (found === undefined || found === tooLong) return undefined;
  const named = new Set(alphabetOf([...all, ...none]));
  return found.replaceAll(
    anyOther,
    [...'xyzabcdefghijklmnopqrstuvw0123456789'].find((each) => !named.has(each)) ?? 'x',
  );
}

const tooLong = Symbol('too long');

/** Runs the automata of the sets in parallel, those of `none` as the set of their possible states. */
function search(all: readonly StringSet[], none: readonly StringSet[]): string | typeof tooLong | undefined {
  const alphabet = alphabetOf([...all, ...none]);
  const first: Walk = { text: '', states: all.map(() => 0), excluded: none.map(() => [0]) };
  const waiting = [first];
  const known = new Set([keyOf(first)]);
  for (let walk = waiting.pop(); walk !== undefined; walk = waiting.pop()) {
    if (isFound(walk, all, none)) return walk.text;
    if (known.size > maxVisits) return tooLong;
    const found: Walk[] = [];
    for (const character of alphabet) {
      for (const next of advance(walk, character, all, none)) {
        const key = keyOf(next);
        if (known.has(key)) continue;
        known.add(key);
        found.push(next);
      }
    }
    // The plain character is the first of the alphabet, and is to go on first.
    waiting.push(...found.toReversed());
  }
  return undefined;
}

interface Walk {
  readonly text: string;
  readonly states: readonly number[];
  readonly excluded: readonly (readonly number[])[];
}

/** Represents all characters that no step names. */
const anyOther = '\u0000';

/** One that represents all others, every character that a step names, and the slash. */
function alphabetOf(sets: readonly StringSet[]): readonly string[] {
  const named = sets.flatMap(({ steps }) => steps.filter((step) => typeof step === 'string'));
  return [...new Set([anyOther, ...named, '/'])];
}

function keyOf({ states, excluded }: Walk): string {
  return `${states.join()};${excluded.map((list) => list.join()).join(';')}`;
}

function isFound({ states, excluded }: Walk, all: readonly StringSet[], none: readonly StringSet[]): boolean {
  const ends = (set: StringSet | undefined, state: number | undefined) => state === set?.steps.length;
  return (
    all.every((set, index) => ends(set, states[index])) &&
    !none.some((set, index) => excluded[index]?.some((state) => ends(set, state)))
  );
}

function advance(
  { text, states, excluded }: Walk,
  character: string,
  all: readonly StringSet[],
  none: readonly StringSet[],
): readonly Walk[] {
  let tuples: (readonly number[])[] = [[]];
  for (const [index, set] of all.entries()) {
    const next = statesAfter(set, states[index] ?? 0, character);
    tuples = tuples.flatMap((tuple) => next.map((state) => [...tuple, state]));
  }
  if (tuples.length === 0) return [];
  const after = none.map((set, index) => {
    const reached = (excluded[index] ?? []).flatMap((state) => statesAfter(set, state, character));
    return [...new Set(reached)].sort((a, b) => a - b);
  });
  return tuples.map((tuple) => ({ text: text + character, states: tuple, excluded: after }));
}

function statesAfter({ steps, open }: StringSet, state: number, character: string): readonly number[] {
  const step = steps[state];
  if (step === undefined) return open ? [state] : [];
  if (typeof step === 'string') return step === character ? [state + 1] : [];
  return step.crossesSlashes || character !== '/' ? [state, state + 1] : [];
}
