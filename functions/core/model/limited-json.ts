/** Levels of JSON from outside: deeper than any CMS nests its rich text, shallow enough for every recursive walk. */
export const maxJsonDepth = 256;
/** Objects, lists and scalars of JSON from outside: as many as 4 MB of a CMS's JSON hold. */
export const maxJsonValues = 400_000;

/** What JSON holds, or why it is not parsed. */
export type LimitedJson =
  | { readonly kind: 'parsed'; readonly value: unknown }
  | { readonly kind: 'too-deep' | 'too-many-values' | 'not-json' };

/**
 * Parses JSON that may be hostile: too deep or too large a value is refused before any of it is made. An integer beyond
 * what a number holds exactly becomes a string of its digits: Shopify's ids are such integers. Never throws.
 */
export function parseLimitedJson(text: string, maxValues = maxJsonValues): LimitedJson {
  const scanned = scanJson(text, maxValues);
  if (scanned.kind !== 'scanned') return scanned;
  try {
    return { kind: 'parsed', value: JSON.parse(scanned.text) };
  } catch {
    // The parser's own message quotes the text, which may hold what must not be logged.
    return { kind: 'not-json' };
  }
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;
/** Integers of fewer digits are exact as numbers. */
const minLargeDigits = 16;

/** What a scan of JSON has found, or why the JSON is not parsed at all. */
type ScannedJson =
  | { readonly kind: 'scanned'; readonly text: string }
  | { readonly kind: 'too-deep' | 'too-many-values' };

/**
 * Looks once at every character of JSON before it is parsed: how deep it nests, how many values it holds (at least), and
 * which integers are too large for a number. These are put into quotes, so that they become strings of their digits. What
 * is not JSON stays so.
 */
function scanJson(text: string, maxValues: number): ScannedJson {
  const large: (readonly [start: number, end: number])[] = [];
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) {
      index = endOfString(text, index);
    } else if (code >= zero && code <= nine) {
      const end = endOfDigits(text, index);
      if (end - index >= minLargeDigits) addLarge(large, text, index, end);
      index = end - 1;
    } else if (code === openBrace || code === openBracket) {
      depth += 1;
      values += 1;
      if (depth > maxJsonDepth) return { kind: 'too-deep' };
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
    else if (code === comma) values += 1;
    if (values > maxValues) return { kind: 'too-many-values' };
  }
  return { kind: 'scanned', text: large.length === 0 ? text : withQuotes(text, large) };
}

/** @returns the index of the quote that ends the string */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === backslash) index += 1;
    else if (code === quote) return index;
  }
  return text.length;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (end < text.length && text.charCodeAt(end) >= zero && text.charCodeAt(end) <= nine) end += 1;
  return end;
}

function addLarge(large: (readonly [number, number])[], text: string, start: number, end: number): void {
  const signed = text.charCodeAt(start - 1) === minus ? start - 1 : start;
  // What is not JSON, such as a zero in front, must not become so by quotes.
  const isInteger =
    text.charCodeAt(start) !== zero &&
    isOneOf(',:[', nextTo(text, signed, -1)) &&
    isOneOf(',}]', nextTo(text, end - 1, 1));
  if (isInteger && !Number.isSafeInteger(Number(text.slice(start, end)))) large.push([signed, end]);
}

/** Whether it is one of these characters, or the beginning or the end of all. */
function isOneOf(characters: string, character: string): boolean {
  return character === '' || characters.includes(character);
}

/** @returns the first character before or after an index that is not white space */
function nextTo(text: string, index: number, step: 1 | -1): string {
  let at = index + step;
  while (at >= 0 && at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += step;
  return text.charAt(at);
}

function withQuotes(text: string, large: readonly (readonly [number, number])[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const [start, end] of large) {
    parts.push(text.slice(from, start), '"', text.slice(start, end), '"');
    from = end;
  }
  return [...parts, text.slice(from)].join('');
}
