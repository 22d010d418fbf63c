import { escapeRegex } from './regex-pattern.ts';

/**
 * @param url a file or directory URL with literal stars, see `literal-star.ts`
 * @returns the regular expression that matches what the URL means and nothing else: the template's last `*` or `**` as
 *   the wildcard that it is, all else as written, and the end, which CDN Pro would otherwise leave open
 */
export function exactPattern(url: string): string {
  const pathStart = url.indexOf('/', url.indexOf('://') + 3);
  const [, before = '', stars = '', after = ''] = /^(.*?)(\*{0,2})([^*]*)$/s.exec(url.slice(pathStart)) ?? [];
  return `${url.slice(0, pathStart)}${escapeRegex(before)}${wildcardOf(before, stars)}${escapeRegex(after)}$`;
}

/** `dir/*` does not match the directory itself, with or without a query. */
function wildcardOf(before: string, stars: string): string {
  if (stars === '**') return '.*';
  if (stars === '') return '';
  return before.endsWith('/') ? '[^/?][^/]*' : '[^/]*';
}
