import { isRecord } from '../../../functions/core/model/record.ts';
import { TemplateError } from '../template/errors.ts';
import { fieldOf } from '../template/intrinsics.ts';

/** Whether an event fits. */
export type EventMatcher = (event: unknown) => boolean;
type ValueMatcher = (values: readonly unknown[]) => boolean;

/**
 * Compiles an EventBridge event pattern:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @throws {TemplateError} that names the field, for an operator that is not supported.
 */
export function compileEventPattern(pattern: unknown, path = 'EventPattern'): EventMatcher {
  if (!isRecord(pattern))
    throw new TemplateError(`Expected ${path} to be an object, got ${JSON.stringify(pattern)}.`);
  const parts = Object.entries(pattern).map(([key, expected]) =>
    compileField(key, expected, `${path}.${key}`),
  );
  return (event) => parts.every((part) => part(event));
}

function compileField(key: string, expected: unknown, path: string): EventMatcher {
  if (key === '$or' && Array.isArray(expected)) {
    const alternatives = expected.map((alternative, index) =>
      compileEventPattern(alternative, `${path}[${index}]`),
    );
    return (event) => alternatives.some((alternative) => alternative(event));
  }
  if (Array.isArray(expected)) {
    const matchers = expected.map((value) => compileValue(value, path));
    return (event) => {
      const found = fieldOf(event, key);
      const values = found === undefined ? [] : Array.isArray(found) ? found : [found];
      return matchers.some((matcher) => matcher(values));
    };
  }
  const nested = compileEventPattern(expected, path);
  return (event) => {
    const found = fieldOf(event, key);
    return Array.isArray(found) ? found.some(nested) : nested(found);
  };
}

function compileValue(expected: unknown, path: string): ValueMatcher {
  if (!isRecord(expected)) return (values) => values.includes(expected);
  const [[operator, argument] = ['', undefined], ...others] = Object.entries(expected);
  if (operator === 'exists' && typeof argument === 'boolean' && others.length === 0) {
    return (values) => values.length > 0 === argument;
  }
  if (operator === 'anything-but' && others.length === 0) {
    const refused = compileRefused(argument, path);
    return (values) => values.some((value) => !refused(value));
  }
  const accepts = others.length === 0 ? compileOperator(operator, argument) : undefined;
  if (accepts === undefined) {
    throw new TemplateError(
      `${path}: the operator ${JSON.stringify(expected)} is not supported by the local stack.`,
    );
  }
  return (values) => values.some(accepts);
}

function compileRefused(argument: unknown, path: string): (value: unknown) => boolean {
  if (!isRecord(argument)) return (value) => [argument].flat().includes(value);
  const [[operator, texts] = ['', undefined]] = Object.entries(argument);
  const refused = [texts].flat().map((text) => compileOperator(operator, text));
  if (refused.includes(undefined)) {
    throw new TemplateError(
      `${path}: anything-but ${JSON.stringify(argument)} is not supported by the local stack.`,
    );
  }
  return (value) => refused.some((accepts) => accepts?.(value));
}

function compileOperator(operator: string, argument: unknown): ((value: unknown) => boolean) | undefined {
  if (operator === 'numeric') return compileNumeric(argument);
  const folded = isRecord(argument) ? argument['equals-ignore-case'] : undefined;
  const ignoresCase = operator === 'equals-ignore-case' || folded !== undefined;
  const text = folded ?? argument;
  if (typeof text !== 'string') return undefined;
  const compare = textComparison(operator, ignoresCase ? text.toLowerCase() : text);
  return (
    compare && ((value) => typeof value === 'string' && compare(ignoresCase ? value.toLowerCase() : value))
  );
}

function textComparison(operator: string, wanted: string): ((value: string) => boolean) | undefined {
  switch (operator) {
    case 'prefix':
      return (value) => value.startsWith(wanted);
    case 'suffix':
      return (value) => value.endsWith(wanted);
    case 'equals-ignore-case':
      return (value) => value === wanted;
    case 'wildcard': {
      const expression = wildcardExpression(wanted);
      return (value) => expression.test(value);
    }
    default:
      return undefined;
  }
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcardExpression(pattern: string): RegExp {
  const source = pattern.replace(/\\[*\\]|[\s\S]/g, (token) => {
    if (token === '*') return '[\\s\\S]*';
    return (token.length === 2 ? token.slice(1) : token).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

function compileNumeric(argument: unknown): ((value: unknown) => boolean) | undefined {
  if (!Array.isArray(argument) || argument.length === 0) return undefined;
  const comparisons: (((value: number) => boolean) | undefined)[] = [];
  for (let index = 0; index < argument.length; index += 2) {
    comparisons.push(numericComparison(argument[index], argument[index + 1]));
  }
  if (comparisons.includes(undefined)) return undefined;
  return (value) => typeof value === 'number' && comparisons.every((compare) => compare?.(value));
}

function numericComparison(operator: unknown, bound: unknown): ((value: number) => boolean) | undefined {
  if (typeof bound !== 'number') return undefined;
  switch (operator) {
    case '=':
      return (value) => value === bound;
    case '<':
      return (value) => value < bound;
    case '<=':
      return (value) => value <= bound;
    case '>':
      return (value) => value > bound;
    case '>=':
      return (value) => value >= bound;
    default:
      return undefined;
  }
}
