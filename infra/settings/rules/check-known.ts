import { recordOf } from '../../../functions/core/model/record.ts';
import { ConfigError, describeIssue, purgerSubject } from '../checks/check.ts';
import type { IssuePath, ValidationIssue } from '../checks/validation-issue.ts';

/**
 * Rules are in the functions' code, in which CloudFormation replaces nothing.
 * @param isUnresolved CDK's own, which commands do not load: whether only the deployment knows a value
 * @throws ConfigError with an issue for each value of the rules that only the deployment knows
 */
export function checkKnown(rules: unknown, isUnresolved: (value: unknown) => boolean): void {
  const issues = unknownIn(rules, ['rules'], isUnresolved);
  if (issues.length > 0) throw new ConfigError(purgerSubject, issues.map(describeIssue));
}

function unknownIn(
  value: unknown,
  path: IssuePath,
  isUnresolved: (value: unknown) => boolean,
): readonly ValidationIssue[] {
  if (isUnresolved(value)) {
    const message = 'expected a value that is known at synth, got one that only the deployment knows';
    return [{ path, message }];
  }
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(recordOf(value) ?? {});
  return inner.flatMap(([key, each]) => [
    ...(typeof key === 'string' ? unknownIn(key, [...path, key], isUnresolved) : []),
    ...unknownIn(each, [...path, key], isUnresolved),
  ]);
}
