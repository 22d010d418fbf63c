import { variablesOf } from '../../functions/core/mapping/conditions.ts';
import { compilePattern } from '../../functions/core/mapping/patterns/pattern.ts';
import type { OriginChange } from '../../functions/core/model/types.ts';
import type { PurgingChange } from '../../infra/cli/explain/reverse/changes-that-purge.ts';

/** @returns whether a change is of a kind that `explain URL` names, by its words */
export function fits(
  change: OriginChange,
  { change: words, ofAnyCase, actions, example }: PurgingChange,
): boolean {
  if (!actions.includes(change.action) || example.source !== change.source) return false;
  const isLike = (pattern: string, text: string) => {
    const [wanted, got] =
      ofAnyCase === undefined ? [pattern, text] : [pattern.toLowerCase(), text.toLowerCase()];
    return compilePattern(wanted).match(got) !== undefined;
  };
  if ('key' in change) return isLike(words, `s3://${change.bucket}/${change.key}`);
  const values = variablesOf(change);
  return [...words.matchAll(/(\S+) = ("(?:[^"\\]|\\.)*")/g)].every(([, name = '', written = '""']) => {
    const pattern = JSON.parse(written) as string;
    const candidates = name.includes('*')
      ? Object.entries(values).flatMap(([each, value]) =>
          each.startsWith(name.split('*')[0] ?? '') ? [value] : [],
        )
      : [values[name] ?? ''];
    return candidates.some((value) => isLike(pattern, value.replace(/^\//, '')) || isLike(pattern, value));
  });
}
