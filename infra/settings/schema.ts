import * as z from 'zod';
import { describeValue } from '../../functions/core/model/errors.ts';
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

/** An object that has no other fields; a misspelled one is answered with the name that was meant. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return `expected an object, got ${describeValue(issue.input)}`;
      const unknown = (issue.keys as string[]).map((key) => `\`${key}\`${suggestion(key, names)}`);
      return `unknown field ${unknown.join(', ')}`;
    },
  });
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
