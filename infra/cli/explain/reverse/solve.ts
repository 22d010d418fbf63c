import type { ValuePart } from '../../../../functions/core/mapping/patterns/template.ts';
import { unmarkStars } from '../../../../functions/core/mapping/urls/literal-star.ts';

/** What a variable has to be. */
export interface SlotValue {
  readonly text: string;
  /** Whether anything may follow. */
  readonly isOpen: boolean;
  /** Whether a slash at its beginning makes no difference. */
  readonly mayBeginWithSlash: boolean;
  /** Whether upper and lower case make no difference: in a host. */
  readonly isOfAnyCase: boolean;
}

/** What the variables of a template have to be, by name. A variable that is missing may be anything. */
export type Solution = ReadonlyMap<string, SlotValue>;

/** The values that a rule names itself, by variable: several values may be written alike in a URL. */
export type NamedValues = ReadonlyMap<string, readonly string[]>;

/** What a wildcard matches. */
export const anything = Symbol('anything');

/** A part of a template, as it is found in a URL. */
export type Piece = string | ValuePart | typeof anything;

/** What is looked for. */
export interface Target {
  readonly text: string;
  /** Whether the template only has to begin with the string. */
  readonly isOpen: boolean;
}

/** Templates of a configuration need some tens of steps. */
const maxSteps = 5000;

/**
 * Finds values of a template's variables with which it gives a URL.
 * @param known what variables have to be already
 */
export function solve(
  pieces: readonly Piece[],
  target: Target,
  named: NamedValues,
  known: Solution = new Map(),
): readonly Solution[] {
  const found: Solution[] = [];
  let steps = 0;

  function from(index: number, at: number, values: Solution): void {
    steps += 1;
    if (steps > maxSteps) return;
    const piece = pieces[index];
    if (piece === undefined) {
      if (at === target.text.length && !target.isOpen) found.push(values);
    } else if (typeof piece === 'string') {
      if (target.text.startsWith(piece, at)) from(index + 1, at + piece.length, values);
      else if (target.isOpen && piece.startsWith(target.text.slice(at))) found.push(values);
    } else if (piece === anything) {
      for (const end of endsOf(index, at)) from(index + 1, end, values);
    } else fill(piece, index, at, values);
  }

  function fill(part: ValuePart, index: number, at: number, values: Solution): void {
    for (const end of endsOf(index, at)) {
      const value = end > at ? readValue(part, target.text.slice(at, end), false, named) : undefined;
      const after = value && withValue(values, part.name, value);
      if (after !== undefined) from(index + 1, end, after);
    }
    if (!target.isOpen) return;
    const rest = target.text.slice(at);
    const value = rest === '' ? undefined : readValue(part, rest, true, named);
    const after = rest === '' ? values : value && withValue(values, part.name, value);
    if (after !== undefined) found.push(after);
  }

  /** Where a value may end: where the literal part after it begins. */
  function endsOf(index: number, at: number): readonly number[] {
    const next = pieces[index + 1];
    const { length } = target.text;
    if (next === undefined) return [length];
    const all = Array.from({ length: length - at + 1 }, (_, offset) => at + offset);
    if (typeof next !== 'string') return all;
    const isNext = (end: number) =>
      target.text.startsWith(next, end) || (target.isOpen && next.startsWith(target.text.slice(end)));
    return all.filter(isNext);
  }

  from(0, 0, known);
  return found;
}

/** @returns the values and another one; undefined where the variable has to be something else */
export function withValue(values: Solution, name: string, value: SlotValue): Solution | undefined {
  const other = values.get(name);
  const common = other === undefined ? value : inCommon(other, value);
  return common && new Map([...values, [name, common]]);
}

/** The one of two values of a variable that says more; undefined where they are different. */
function inCommon(one: SlotValue, other: SlotValue): SlotValue | undefined {
  if (one.isOpen) return other.text.startsWith(one.text) ? other : undefined;
  if (other.isOpen) return one.text.startsWith(other.text) ? one : undefined;
  if (one.text === other.text) return one.isOfAnyCase ? other : one;
  if (one.text.toLowerCase() !== other.text.toLowerCase()) return undefined;
  if (one.isOfAnyCase) return other;
  return other.isOfAnyCase ? one : undefined;
}

/**
 * @param written how the value is written in the URL
 * @param expected how the template writes it: in a regex it is escaped
 * @returns the value that is written so; undefined where none is
 */
export function readValue(
  part: Pick<ValuePart, 'name' | 'encode' | 'decidesHost'>,
  written: string,
  isOpen: boolean,
  named: NamedValues,
  expected = written,
): SlotValue | undefined {
  const write = (value: string) => unmarkStars(part.encode(value));
  const candidates = [...(named.get(part.name) ?? []), written, ...decodings(written)];
  const text = candidates.find((value) => write(value) === expected);
  if (text === undefined) return undefined;
  const bare = text.replace(/^\//, '');
  const mayBeginWithSlash = (bare !== '' || isOpen) && write(bare) === write(`/${bare}`);
  const isOfAnyCase = /[a-z]/i.test(text) && write(text.toUpperCase()) === write(text.toLowerCase());
  return { text: mayBeginWithSlash ? bare : text, isOpen, mayBeginWithSlash, isOfAnyCase };
}

function decodings(written: string): readonly string[] {
  try {
    return [decodeURIComponent(written), decodeURIComponent(written.replaceAll('+', '%20'))];
  } catch {
    return [];
  }
}
