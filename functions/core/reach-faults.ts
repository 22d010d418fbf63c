import { type Place, type RuleFault, textsAt } from './fault.ts';
import type { Pattern } from './pattern.ts';
import { someTextIn, textsFrom, textsOf } from './pattern-sets.ts';

/** A pattern of a configuration, with its place. */
export interface CompiledAt {
  readonly path: Place;
  readonly pattern: Pattern;
}

/** A key has at least one character. */
const anyKey = textsOf({ tokens: [{ kind: 'variable', name: 'key', crossesSlashes: true }] });

/** @returns keys that can never match, and exceptions that never leave anything out */
export function faultsOfReach(
  match: Record<string, unknown>,
  keys: readonly CompiledAt[] | undefined,
  exceptions: readonly CompiledAt[],
): readonly RuleFault[] {
  const prefixes = textsAt(match.prefix, ['match', 'prefix']).map(({ text }) => textsFrom(text));
  const within = prefixes.length > 0 ? prefixes : [textsFrom('')];
  const wanted = keys?.map(({ path, pattern }) => ({ path, texts: textsOf(pattern) })) ?? [
    { path: ['match'], texts: anyKey },
  ];
  const excluded = exceptions.map(({ pattern }) => textsOf(pattern));
  const faults: RuleFault[] = [];
  for (const { path, texts } of wanted) {
    if (!within.some((prefix) => someTextIn([texts, prefix]))) {
      faults.push({ path, message: 'it can never match: no such key begins with `match.prefix`' });
    } else if (!within.some((prefix) => someTextIn([texts, prefix], excluded))) {
      faults.push({ path, message: 'it can never match: `except` leaves out every such key' });
    }
  }
  if (faults.length > 0) return faults;
  for (const { path, pattern } of exceptions) {
    const meets = wanted.some(({ texts }) =>
      within.some((prefix) => someTextIn([texts, prefix, textsOf(pattern)])),
    );
    if (!meets) faults.push({ path, message: 'it leaves nothing out: no key that the rule matches fits it' });
  }
  return faults;
}
