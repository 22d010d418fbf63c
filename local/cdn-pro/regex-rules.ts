const MAX_PATTERN_CHARACTERS = 126;
const MAX_UNLIMITED_QUANTIFIERS = 2;
const MAX_QUANTIFIER_LIMIT = 59;

/** A regular expression of a purge request, taken apart. */
export interface RegexParts {
  /** `any` stands for every scheme. */
  readonly scheme: 'http' | 'https' | 'any';
  /** A literal host name, not a part of the expression. */
  readonly host: string;
  /** The expression itself: everything that follows the host, its first slash included. */
  readonly pattern: string;
}

/** Returns the parts of `{scheme}://{hostname}/…`, or `undefined` when the text has not that form. */
export function regexParts(text: string): RegexParts | undefined {
  const [, scheme, host, pattern] = /^(http|https|any):\/\/([A-Za-z0-9.-]+)(\/.*)$/s.exec(text) ?? [];
  if (host === undefined || pattern === undefined) return undefined;
  return { scheme: scheme === 'http' || scheme === 'https' ? scheme : 'any', host, pattern };
}

/**
 * Returns what is wrong with the expression that follows the host, or `undefined`. Limits of the vendor's page
 * "Create a purge request": up to 126 characters, up to two unlimited quantifiers, an upper limit of at most 59.
 * The page does not name the dialect; an expression has to compile in JavaScript's.
 */
export function regexFault(pattern: string): string | undefined {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    return `the pattern following the hostname can be up to ${MAX_PATTERN_CHARACTERS} characters, this one has ${pattern.length}`;
  }
  const { unlimited, highestLimit } = quantifiersOf(pattern);
  if (unlimited > MAX_UNLIMITED_QUANTIFIERS) {
    return `the pattern can have up to ${MAX_UNLIMITED_QUANTIFIERS} unlimited quantifiers, this one has ${unlimited}`;
  }
  if (highestLimit > MAX_QUANTIFIER_LIMIT) {
    return `the upper limit on a quantifier cannot be more than ${MAX_QUANTIFIER_LIMIT}, this one has ${highestLimit}`;
  }
  try {
    new RegExp(pattern);
    return undefined;
  } catch {
    return 'the pattern does not compile';
  }
}

/** One token of an expression: an escape, a character class, a quantifier in braces, or a single character. */
const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]|\{(?<least>\d*)(?<comma>,?)(?<most>\d*)\}|./gsu;

function quantifiersOf(pattern: string) {
  let unlimited = 0;
  let highestLimit = 0;
  for (const { 0: token, groups } of pattern.matchAll(TOKEN)) {
    if (token === '*' || token === '+') unlimited += 1;
    if (groups?.comma === undefined) continue;
    const { least = '', comma, most = '' } = groups;
    if (comma !== '' && most === '') unlimited += 1;
    else highestLimit = Math.max(highestLimit, Number(most === '' ? least : most));
  }
  return { unlimited, highestLimit };
}
