const maxPatternCharacters = 126;
const maxUnlimitedQuantifiers = 2;
const maxQuantifierLimit = 59;

/** The parts of a regular expression in a purge request. */
export interface RegexParts {
  /** `any` is http and https. */
  readonly scheme: 'http' | 'https' | 'any';
  /** A literal host name, not a part of the expression. */
  readonly host: string;
  /** The expression itself: everything that follows the host, its first slash included. */
  readonly pattern: string;
}

/** @returns the parts of `{scheme}://{hostname}/…`, or `undefined` for a string of another form */
export function regexParts(regex: string): RegexParts | undefined {
  const [, scheme, host, pattern] = /^(http|https|any):\/\/([A-Za-z0-9.-]+)(\/.*)$/s.exec(regex) ?? [];
  if (host === undefined || pattern === undefined) return undefined;
  return { scheme: scheme === 'http' || scheme === 'https' ? scheme : 'any', host, pattern };
}

/**
 * Limits of the vendor's page "Create a purge request": up to 126 characters, up to two unlimited quantifiers, an upper
 * limit of at most 59. The page does not name the dialect; an expression has to compile in JavaScript's.
 * @returns what is wrong with the expression that follows the host, or `undefined`
 */
export function regexFault(pattern: string): string | undefined {
  if (pattern.length > maxPatternCharacters) {
    return `the pattern following the hostname can be up to ${maxPatternCharacters} characters, this one has ${pattern.length}`;
  }
  const { unlimited, highestLimit } = quantifiersOf(pattern);
  if (unlimited > maxUnlimitedQuantifiers) {
    return `the pattern can have up to ${maxUnlimitedQuantifiers} unlimited quantifiers, this one has ${unlimited}`;
  }
  if (highestLimit > maxQuantifierLimit) {
    return `the upper limit on a quantifier cannot be more than ${maxQuantifierLimit}, this one has ${highestLimit}`;
  }
  try {
    new RegExp(inJavaScript(pattern));
    return undefined;
  } catch {
    return 'the pattern does not compile';
  }
}

/** @returns the expression with flags that hold up to its end, such as `(?i)`, in a form that JavaScript knows */
export function inJavaScript(pattern: string): string {
  const [, before = '', flags, after = ''] = /^(.*?)\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  return flags === undefined ? pattern : `${before}(?${flags}:${inJavaScript(after)})`;
}

/** One token of an expression: an escape, a character class, a quantifier in braces, or a single character. */
const tokens = /\\.|\[(?:\\.|[^\]\\])*\]|\{(?<least>\d*)(?<comma>,?)(?<most>\d*)\}|./gsu;

function quantifiersOf(pattern: string) {
  let unlimited = 0;
  let highestLimit = 0;
  for (const { 0: token, groups } of pattern.matchAll(tokens)) {
    if (token === '*' || token === '+') unlimited += 1;
    if (groups?.comma === undefined) continue;
    const { least = '', comma, most = '' } = groups;
    if (comma !== '' && most === '') unlimited += 1;
    else highestLimit = Math.max(highestLimit, Number(most === '' ? least : most));
  }
  return { unlimited, highestLimit };
}
