import { listOf, type Rule } from '../../../../functions/core/mapping/rule.ts';

/** Values that differ in what exceptions, pages and filters look at: how they begin and end, and how deep they are. */
const plain = ['x', 'page', 'x.html', 'index.html', 'a/b', 'a/b/c/d.html', '0', 'sample-1'];

/** @returns values for what may be anything, of which one suits nearly every rule */
export function samplesFor({ pages = {} }: Pick<Rule, 'pages'>): readonly string[] {
  const { index, cleanUrls } = pages;
  const endings = typeof cleanUrls === 'boolean' ? [] : listOf(cleanUrls);
  const names = [...listOf(index), ...endings.map((ending) => `x${ending}`)];
  return [...new Set([...plain, ...names, ...names.map((name) => `a/${name}`)])];
}
