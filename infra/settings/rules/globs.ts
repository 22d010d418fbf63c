import type { StringAt, ValidationIssue } from '../checks/validation-issue.ts';

/**
 * @returns an issue for each pattern with a star, which is a literal one here: people who come from CloudFront or a shell
 *   mean a wildcard, and nothing would ever match
 */
export function globIssues(patterns: readonly StringAt[]): readonly ValidationIssue[] {
  return patterns.flatMap(({ value, path }) => {
    // A list in a variable has its own issue.
    if (!value.replaceAll(/\{[^{}]*\}/g, '').includes('*')) return [];
    const message = `"*" is not a wildcard in a pattern: write ${JSON.stringify(patternOf(value))}, got ${JSON.stringify(value)}`;
    return [{ path, message }];
  });
}

/** @returns an issue for each prefix that is a glob */
export function prefixGlobIssues(prefixes: readonly StringAt[]): readonly ValidationIssue[] {
  return prefixes.flatMap(({ value, path }) => {
    const message = literalGlobProblem('prefix', value);
    return message === undefined ? [] : [{ path, message }];
  });
}

/** Where a star is meant as a wildcard. Keys may hold stars, so that one within a name is taken as it is. */
const globIn = { prefix: /(?<=^|\/)\*|\*+$/, suffix: /^\*+/ };

/** @returns what is wrong with a prefix or suffix that is a glob, since S3 and rules take both literally; else undefined */
export function literalGlobProblem(what: 'prefix' | 'suffix', value: string): string | undefined {
  const found = globIn[what].exec(value);
  if (found === null) return undefined;
  const meant = what === 'prefix' ? value.slice(0, found.index) : value.slice(found[0].length);
  const instead = meant === '' ? 'leave it out' : `write ${JSON.stringify(meant)}`;
  return `"*" is not a wildcard in a ${what}, which is taken literally: ${instead}, got ${JSON.stringify(value)}`;
}

/** The pattern that a glob means: `site/*.html` is `site/{name}.html`, and what crosses directories is `{+path}`. */
function patternOf(glob: string): string {
  const used = new Set([...glob.matchAll(/\{\+?([^{}]*)\}/g)].map(([, name]) => name));
  const free = (name: string) => {
    let candidate = name;
    for (let number = 2; used.has(candidate); number++) candidate = `${name}${number}`;
    used.add(candidate);
    return candidate;
  };
  return glob.replaceAll(/\*\*(?:\/?\*)*|(?<=^|\/)\*$|\*+/g, (stars, at: number) =>
    stars.startsWith('**') || (at + 1 === glob.length && /(?:^|\/)\*$/.test(glob))
      ? `{+${free('path')}}`
      : `{${free('name')}}`,
  );
}
