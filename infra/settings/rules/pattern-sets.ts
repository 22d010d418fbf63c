import type { Pattern } from '../../../functions/core/mapping/pattern.ts';

/** A set of texts: those that fit a pattern, or those that begin with a prefix. */
export interface StringSet {
  readonly steps: readonly Step[];
  /** Whether anything may follow the last step. */
  readonly open: boolean;
}

/** One character that has to be, or one character or more of which any but perhaps a slash will do. */
type Step = string | { readonly crossesSlashes: boolean };

/** @returns the texts that fit a pattern */
export function stringsOf({ tokens }: Pick<Pattern, 'tokens'>): StringSet {
  const steps = tokens.flatMap((token): Step[] =>
    token.kind === 'literal' ? [...token.text] : [{ crossesSlashes: token.crossesSlashes }],
  );
  return { steps, open: false };
}

/** @returns the texts that begin with a prefix */
export function stringsFrom(prefix: string): StringSet {
  return { steps: [...prefix], open: true };
}

/** @returns the texts that end with a suffix, as one or two sets: the suffix alone, and with something before it */
export function stringsTo(suffix: string): readonly StringSet[] {
  if (suffix === '') return [stringsFrom('')];
  const steps: readonly Step[] = [...suffix];
  return [
    { steps, open: false },
    { steps: [{ crossesSlashes: true }, ...steps], open: false },
  ];
}

/** Patterns of a configuration need some hundreds of steps; what needs more is not worth the wait. */
const maxVisits = 20_000;

/**
 * Whether there is a text that is in all of some sets and in none of others. Walks the automata of the sets side by
 * side, those of `none` as the set of places where they can be.
 * @returns true also where the answer would take too long to find
 */
export function someStringIn(all: readonly StringSet[], none: readonly StringSet[] = []): boolean {
  const alphabet = alphabetOf([...all, ...none]);
  const first: Walk = { places: all.map(() => 0), excluded: none.map(() => [0]) };
  const waiting = [first];
  const known = new Set([keyOf(first)]);
  for (let walk = waiting.pop(); walk !== undefined; walk = waiting.pop()) {
    if (isFound(walk, all, none) || known.size > maxVisits) return true;
    for (const character of alphabet) {
      for (const next of advance(walk, character, all, none)) {
        const key = keyOf(next);
        if (known.has(key)) continue;
        known.add(key);
        waiting.push(next);
      }
    }
  }
  return false;
}

interface Walk {
  readonly places: readonly number[];
  readonly excluded: readonly (readonly number[])[];
}

/** Every character that a step names, the slash, and one that stands for all others. */
function alphabetOf(sets: readonly StringSet[]): readonly string[] {
  const named = sets.flatMap(({ steps }) => steps.filter((step) => typeof step === 'string'));
  return [...new Set([...named, '/', '\u0000'])];
}

function keyOf({ places, excluded }: Walk): string {
  return `${places.join()};${excluded.map((list) => list.join()).join(';')}`;
}

function isFound({ places, excluded }: Walk, all: readonly StringSet[], none: readonly StringSet[]): boolean {
  const ends = (set: StringSet | undefined, place: number | undefined) => place === set?.steps.length;
  return (
    all.every((set, index) => ends(set, places[index])) &&
    !none.some((set, index) => excluded[index]?.some((place) => ends(set, place)))
  );
}

function advance(
  { places, excluded }: Walk,
  character: string,
  all: readonly StringSet[],
  none: readonly StringSet[],
): readonly Walk[] {
  let tuples: (readonly number[])[] = [[]];
  for (const [index, set] of all.entries()) {
    const next = placesAfter(set, places[index] ?? 0, character);
    tuples = tuples.flatMap((tuple) => next.map((place) => [...tuple, place]));
  }
  if (tuples.length === 0) return [];
  const after = none.map((set, index) => {
    const reached = (excluded[index] ?? []).flatMap((place) => placesAfter(set, place, character));
    return [...new Set(reached)].sort((a, b) => a - b);
  });
  return tuples.map((tuple) => ({ places: tuple, excluded: after }));
}

function placesAfter({ steps, open }: StringSet, place: number, character: string): readonly number[] {
  const step = steps[place];
  if (step === undefined) return open ? [place] : [];
  if (typeof step === 'string') return step === character ? [place + 1] : [];
  return step.crossesSlashes || character !== '/' ? [place, place + 1] : [];
}
