import { compilePattern } from '../../../../functions/core/mapping/patterns/pattern.ts';
import type { OneOrMore, Rule } from '../../../../functions/core/mapping/rule.ts';

/** @returns a warning where no rule is for the changes of a webhook; undefined where one may be */
export function warnOfWebhook(rules: readonly Rule[], source: string, name: string): string | undefined {
  const isCovered = rules.some(({ match }) => match.source === source && canBe(match.webhook, name));
  if (isCovered) return undefined;
  return `No rule is for the webhook "${name}" of the source ${source}: what it delivers purges nothing. Add a rule with \`match: { source: '${source}' }\`, or leave the webhook out.`;
}

/** @returns a warning where no rule is for the objects of a bucket; undefined where one may be */
export function warnOfBucket(rules: readonly Rule[], name: string | undefined): string | undefined {
  const isCovered = rules.some(({ match }) => match.source === 's3' && canBe(match.bucket, name));
  if (isCovered) return undefined;
  return `No rule is for the bucket${name === undefined ? '' : ` ${name}`}: its objects purge nothing. Add a rule with \`match: { source: 's3' }\`, or leave the bucket out.`;
}

/** @param condition patterns, of which one has to match; without any, all names do */
function canBe(condition: OneOrMore<string> | undefined, name: string | undefined): boolean {
  if (name === undefined) return true;
  const patterns = [condition ?? []].flat();
  return patterns.length === 0 || patterns.some((each) => compilePattern(each).match(name) !== undefined);
}
