import type { Token } from './tokens.ts';

/**
 * Matches a string against tokens by a table of what can still fit: one byte for each token and position, filled from
 * the end, so that the time is linear in the string's length. An earlier variable takes as much as it can.
 * @param offset index of `text` in the whole string, which the spans are of
 * @param spans takes the begin and end of each variable's value, from index `filled` on
 * @returns whether it matches; if not, `spans` is of no use
 */
export function matchByTable(
  tokens: readonly Token[],
  text: string,
  offset: number,
  spans: number[],
  filled: number,
): boolean {
  const width = text.length + 1;
  const fits = new Uint8Array((tokens.length + 1) * width);
  fits[tokens.length * width + text.length] = 1;
  for (let index = tokens.length - 1; index >= 0; index--) fillRow(fits, width, index, tokens[index], text);
  if (fits[0] !== 1) return false;
  readSpans(fits, width, tokens, text, offset, spans, filled);
  return true;
}

function fillRow(
  fits: Uint8Array,
  width: number,
  index: number,
  token: Token | undefined,
  text: string,
): void {
  const row = index * width;
  const next = row + width;
  if (token?.kind === 'literal') {
    for (let at = text.length - token.text.length; at >= 0; at--) {
      if (fits[next + at + token.text.length] === 1 && text.startsWith(token.text, at)) fits[row + at] = 1;
    }
    return;
  }
  let reachable = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    if (!token?.crossesSlashes && text[at] === '/') reachable = 0;
    else if (fits[next + at + 1] === 1) reachable = 1;
    fits[row + at] = reachable;
  }
}

function readSpans(
  fits: Uint8Array,
  width: number,
  tokens: readonly Token[],
  text: string,
  offset: number,
  spans: number[],
  filled: number,
): void {
  let at = 0;
  let span = filled;
  tokens.forEach((token, index) => {
    if (token.kind === 'literal') {
      at += token.text.length;
      return;
    }
    let end = text.length;
    if (!token.crossesSlashes) {
      const slash = text.indexOf('/', at);
      if (slash !== -1) end = slash;
    }
    while (fits[(index + 1) * width + end] !== 1) end--;
    spans[span++] = offset + at;
    spans[span++] = offset + end;
    at = end;
  });
}
