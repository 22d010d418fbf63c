import * as z from 'zod';
import { describeValue } from '../../../functions/core/model/errors.ts';
import { suggestion } from './suggestion.ts';

/** A zod parameter that words every issue of a schema as what was expected and what came. */
export function expected(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: (issue) => `expected ${what}, got ${describeValue(issue.input)}` };
}

/** A string that is not empty. */
export function nonEmptyString(what: string): z.ZodString {
  return z.string(expected(what)).min(1, expected(what));
}

/** `true` or `false`. */
export const trueOrFalse = z.boolean(expected('true or false'));

/** The ARN of a resource of the given service; `resource` is the source of a regular expression. */
export function arnOf(service: string, resource: string, what: string): z.ZodString {
  return nonEmptyString(what).regex(
    new RegExp(`^arn:[^:]+:${service}:[a-z0-9-]+:\\d{12}:${resource}$`),
    expected(what),
  );
}

/** A whole number within limits, both included. */
export function wholeNumber(min: number, max: number): z.ZodNumber {
  const what = expected(`a whole number from ${min} to ${max}`);
  return z.number(what).int(what).min(min, what).max(max, what);
}

/** What earlier versions took, with what to write instead. */
export interface Retired {
  /** By the field's name. */
  readonly fields?: Readonly<Record<string, string>>;
  /** By a string that was taken in place of the object. */
  readonly values?: Readonly<Record<string, string>>;
}

/** An object that has no other fields; a misspelled one is answered with the name that was meant. */
export function strictObject<Shape extends z.ZodRawShape>(
  shape: Shape,
  { fields = {}, values = {} }: Retired = {},
): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return describeOther(issue.input, values);
      const keys = issue.keys as string[];
      const unknown = keys.filter((key) => fields[key] === undefined);
      const list = unknown.map((key) => `\`${key}\`${suggestion(key, names)}`).join(', ');
      return [
        ...(unknown.length === 0 ? [] : [`unknown field ${list}`]),
        ...keys.flatMap((key) =>
          fields[key] === undefined ? [] : [`\`${key}\` is retired: ${fields[key]}`],
        ),
      ].join('; ');
    },
  });
}

function describeOther(input: unknown, retired: Readonly<Record<string, string>>): string {
  const instead = typeof input === 'string' ? retired[input] : undefined;
  if (instead !== undefined) return `${describeValue(input)} is retired: ${instead}`;
  return `expected an object, got ${describeValue(input)}`;
}

/** Most items of any list in a rule. */
export const maxListItems = 100;

/** A list of 1 to {@link maxListItems} items. */
export function arrayOf<Item extends z.ZodType>(item: Item, what: string): z.ZodArray<Item> {
  const message = expected(`a list of 1 to ${maxListItems} ${what}`);
  return z.array(item, message).min(1, message).max(maxListItems, message);
}

/** A string, or a list of strings. */
export function oneOrMore(what: string, plural: string) {
  return z.union(
    [nonEmptyString(what), arrayOf(nonEmptyString(what), plural)],
    expected(`${what} or a list of them`),
  );
}
