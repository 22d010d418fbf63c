import type { DirEntry } from '../model/types.ts';

/** What a wildcard of the purge API's page matches, as far as it can cover other entries. */
export type Wildcard =
  /** `…/dir/**`, `…/dir/a**`: every cache key that begins with `prefix`. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** `…/dir/*`, `…/dir/a*`: files directly in `dir` whose names begin with `start`. */
  | { readonly kind: 'names'; readonly dir: string; readonly start: string }
  /** `…/dir/*.jpg`: files directly in `dir` that end with `suffix`, which begins with its only dot. */
  | { readonly kind: 'extension'; readonly dir: string; readonly suffix: string };

/** @returns what everything that a directory URL purges begins with: only its last `*` or `**` is a wildcard */
export function fixedPart(url: string): string {
  const last = url.lastIndexOf('*');
  if (last === -1) return url;
  return url.slice(0, url[last - 1] === '*' ? last - 1 : last);
}

/** @returns what a directory URL's wildcard matches; undefined where it has none, or one that is not used as a cover */
export function wildcardOf({ url }: DirEntry): Wildcard | undefined {
  const last = url.lastIndexOf('*');
  if (last === -1) return undefined;
  const before = fixedPart(url);
  const after = url.slice(last + 1);
  if (last > before.length) return after === '' ? { kind: 'prefix', prefix: before } : undefined;
  const dir = directoryOf(before);
  if (after === '') return { kind: 'names', dir, start: before.slice(dir.length) };
  const isExtension = before === dir && /^\.[^./?]+$/.test(after);
  return isExtension ? { kind: 'extension', dir, suffix: after } : undefined;
}

/** @returns the URL prefixes that a regex of a literal string and `.*` matches, one for each scheme */
export function prefixesOfRegex(pattern: string): readonly string[] {
  const [, scheme = '', rest = ''] =
    /^(https?|any)(:\/\/[A-Za-z0-9.-]+\/(?:[A-Za-z0-9\-_~/%=&,;:@!']|\\[^A-Za-z0-9])*)\.\*$/.exec(pattern) ??
    [];
  if (rest === '') return [];
  const literal = rest.replace(/\\(.)/g, '$1');
  return scheme === 'any' ? [`http${literal}`, `https${literal}`] : [scheme + literal];
}

/** @returns a URL up to and including the last slash of its path */
export function directoryOf(url: string): string {
  const query = url.indexOf('?');
  return url.slice(0, (query === -1 ? url : url.slice(0, query)).lastIndexOf('/') + 1);
}

/** @returns what follows a URL's directory, its query included */
export function nameOf(url: string): string {
  return url.slice(directoryOf(url).length);
}

/** @returns whether `*` is sure to match a name: whether it matches an empty one or an encoded slash is not documented */
export function isPlainName(name: string): boolean {
  return name !== '' && !name.includes('?') && !/%2f/i.test(name);
}
