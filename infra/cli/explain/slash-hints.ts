import { variablesOf } from '../../../functions/core/mapping/conditions.ts';
import type { Variables } from '../../../functions/core/mapping/patterns/template.ts';
import { parseTokens } from '../../../functions/core/mapping/patterns/tokens.ts';
import type { Rule, RuleExplanation } from '../../../functions/core/mapping/rule.ts';
import type { OriginChange } from '../../../functions/core/model/types.ts';

/**
 * Finds the most common mistake: a value with slashes in the path of a URL, where `{name}` without a plus turns them into
 * `%2F`.
 * @returns a sentence for each such variable of each template of a rule, none where the rule does not match
 */
export function slashHints(
  { purge }: Rule,
  explanation: RuleExplanation,
  change: OriginChange,
): readonly string[] {
  if (!explanation.matched) return [];
  const values = { ...variablesOf(change), ...explanation.captures };
  const { fileUrls = [], dirUrls = [] } = purge;
  return [...fileUrls, ...dirUrls].flatMap((template) =>
    namesThatLoseSlashes(template, values, change.source).map(
      (name) => `{${name}} writes "/" as "%2F" in ${template}: write {+${name}} to keep slashes`,
    ),
  );
}

function namesThatLoseSlashes(template: string, values: Variables, source: string): readonly string[] {
  let before = '';
  const names = new Set<string>();
  for (const token of parseTokens(template)) {
    if (token.kind === 'literal') {
      before += token.text;
      continue;
    }
    const value = writtenValue(token.name, values, source, before);
    if (!token.crossesSlashes && isInPath(before) && value.includes('/')) names.add(token.name);
    before += 'x';
  }
  return [...names];
}

/** The value as the template inserts it: a leading slash of a CMS's path merges with a slash before it. */
function writtenValue(name: string, values: Variables, source: string, before: string): string {
  const value = Object.hasOwn(values, name) ? (values[name] ?? '') : '';
  return source !== 's3' && before.endsWith('/') ? value.replace(/^\/+/, '') : value;
}

/** Whether the next part is in the path of a URL, with or without its host. */
function isInPath(before: string): boolean {
  return /^(?:[A-Za-z]+:\/\/[^/?]+)?\/[^?]*$/.test(before);
}
