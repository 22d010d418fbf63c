import { isRecord } from '../../../functions/core/model/record.ts';
import { TemplateError } from '../template/errors.ts';
import { fieldOf } from '../template/intrinsics.ts';

/** Whether an event matches. */
export type EventMatcher = (event: unknown) => boolean;
type ValueMatcher = (value: string) => boolean;

/**
 * Compiles an EventBridge event pattern of strings, prefixes, suffixes and wildcards:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @throws {TemplateError} that names the field, for an operator that is not supported.
 */
export function compileEventPattern(pattern: unknown, path = 'EventPattern'): EventMatcher {
  if (!isRecord(pattern))
    throw new TemplateError(`Expected ${path} to be an object, got ${JSON.stringify(pattern)}.`);
  const fields = Object.entries(pattern).map(([key, expected]) => {
    const matches = compileField(expected, `${path}.${key}`);
    return (event: unknown) => matches(fieldOf(event, key));
  });
  return (event) => fields.every((matches) => matches(event));
}

function compileField(expected: unknown, path: string): EventMatcher {
  if (!Array.isArray(expected)) return compileEventPattern(expected, path);
  const matchers = expected.map((value) => compileValue(value, path));
  return (found) =>
    [found].flat().some((value) => typeof value === 'string' && matchers.some((matches) => matches(value)));
}

function compileValue(expected: unknown, path: string): ValueMatcher {
  if (typeof expected === 'string') return (value) => value === expected;
  const [[operator, wanted] = ['', undefined], ...others] = isRecord(expected)
    ? Object.entries(expected)
    : [];
  const matcher =
    others.length === 0 && typeof wanted === 'string' ? operatorMatcher(operator, wanted) : undefined;
  if (matcher !== undefined) return matcher;
  throw new TemplateError(`${path}: ${JSON.stringify(expected)} is not supported by the local stack.`);
}

function operatorMatcher(operator: string, wanted: string): ValueMatcher | undefined {
  switch (operator) {
    case 'prefix':
      return (value) => value.startsWith(wanted);
    case 'suffix':
      return (value) => value.endsWith(wanted);
    case 'wildcard': {
      const expression = wildcardExpression(wanted);
      return (value) => expression.test(value);
    }
    default:
      return undefined;
  }
}

/** `*` matches any characters; `\*` and `\\` are literal. */
function wildcardExpression(pattern: string): RegExp {
  const source = pattern.replace(/\\[*\\]|[\s\S]/g, (token) => {
    if (token === '*') return '[\\s\\S]*';
    return (token.length === 2 ? token.slice(1) : token).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
