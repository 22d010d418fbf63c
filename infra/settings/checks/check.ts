import type * as z from 'zod';
import { PurgerError } from '../../../functions/core/model/errors.ts';
import type { ValidationIssue } from './validation-issue.ts';

/** What the construct's own settings are called in an error. */
export const purgerSubject = 'The configuration of CdnPurger';

/** A configuration that is refused, with every issue that was found. */
export class ConfigError extends PurgerError {
  override readonly name = 'ConfigError';
  /** One line for each issue: the field's path, what was expected and what came. */
  readonly issues: readonly string[];

  constructor(subject: string, issues: readonly string[]) {
    const count = issues.length === 1 ? 'an issue' : `${issues.length} issues`;
    super(`${subject} has ${count}:\n${issues.map((issue) => `- ${issue}`).join('\n')}`);
    this.issues = issues;
  }
}

/**
 * Checks a value against a schema, and against what a schema cannot say.
 * @param subject what the value is, as the beginning of the error's message
 * @param moreIssues what else is wrong with the value; has to cope with values that the schema refuses
 * @throws ConfigError with every issue of both
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  subject: string,
  moreIssues: (value: unknown) => readonly ValidationIssue[] = () => [],
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  const shapeIssues = result.success ? [] : result.error.issues.flatMap((issue) => fromZod(issue));
  const issues = [...shapeIssues, ...moreIssues(value)].map(describeIssue);
  if (result.success && issues.length === 0) return result.data;
  throw new ConfigError(subject, [...new Set(issues)]);
}

/**
 * Runs several checks, each of which may throw a ConfigError.
 * @throws ConfigError with the issues of all
 */
export function checkTogether(subject: string, checks: readonly (() => unknown)[]): void {
  const issues = checks.flatMap((run) => {
    try {
      run();
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.issues;
      throw error;
    }
  });
  if (issues.length > 0) throw new ConfigError(subject, [...new Set(issues)]);
}

type ZodIssue = z.core.$ZodIssue;

/** An issue of zod as ours: of a union, those of the one branch that the value is nearest to, if there is one. */
function fromZod(issue: ZodIssue, parent: readonly PropertyKey[] = []): readonly ValidationIssue[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'invalid_union') {
    const isOfAnotherType = ({ code, path }: ZodIssue) => code === 'invalid_type' && path.length === 0;
    const near = issue.errors.filter((issues) => !issues.some(isOfAnotherType));
    if (near.length === 1 && near[0]) return near[0].flatMap((each) => fromZod(each, path));
  }
  return [
    { path: path.map((part) => (typeof part === 'number' ? part : String(part))), message: issue.message },
  ];
}

/** @returns an issue on one line: its path and what is wrong */
export function describeIssue({ path, message }: ValidationIssue): string {
  const where = path.reduce<string>(
    (parent, part) => (typeof part === 'number' ? `${parent}[${part}]` : `${parent}${parent && '.'}${part}`),
    '',
  );
  return where === '' ? message : `\`${where}\`: ${message}`;
}
