/** A group's beginning, a quantifier in braces, and a character class; each is looked for at one place. */
const groupStart = /\((?:\?(?:[:=!>|]|<[=!]|P?<[^>)]*>|#|[a-zA-Z^-]*(?=[:)]):?))?/y;
const braces = /\{(?:(\d+)(?:,(\d*))?|,(\d+))\}/y;
const characterClass = /\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]/y;
const quoted = /\\Q[\s\S]*?(?:\\E|$)/y;

/**
 * @returns what is wrong with a regular expression in any dialect, or undefined. CDN Pro names none: what PCRE, RE2, Java
 *   or Python take is taken, whatever the JavaScript of this machine says
 */
export function regexSyntaxProblem(regex: string): string | undefined {
  let depth = 0;
  let canRepeat = false;
  for (let at = 0; at < regex.length; ) {
    const character = regex[at] ?? '';
    let length = 1;
    let isRepeatable = true;
    if (character === '\\') {
      if (at === regex.length - 1) return 'it ends with a backslash';
      length = lengthOf(quoted, regex, at) || 2;
    } else if (character === '[') {
      length = lengthOf(characterClass, regex, at);
      if (length === 0) return 'it has a "[" without a "]"';
    } else if (character === '(') {
      depth++;
      length = lengthOf(groupStart, regex, at) || 1;
      isRepeatable = false;
    } else if (character === ')') {
      if (--depth < 0) return 'it has a ")" without a "("';
    } else if (character === '|') {
      isRepeatable = false;
    } else {
      const quantifier = '*+?'.includes(character) ? 1 : lengthOf(braces, regex, at);
      if (quantifier > 0) {
        if (!canRepeat)
          return `it has nothing to repeat before ${JSON.stringify(regex.slice(at, at + quantifier))}`;
        if (isOutOfOrder(regex, at)) return 'a quantifier has a lower limit above its upper one';
        // Lazy, or possessive.
        length = quantifier + ('?+'.includes(regex[at + quantifier] ?? '-') ? 1 : 0);
        isRepeatable = false;
      }
    }
    canRepeat = isRepeatable;
    at += length;
  }
  return depth > 0 ? 'it has a "(" without a ")"' : undefined;
}

function lengthOf(part: RegExp, regex: string, at: number): number {
  part.lastIndex = at;
  return part.exec(regex)?.[0].length ?? 0;
}

function isOutOfOrder(regex: string, at: number): boolean {
  braces.lastIndex = at;
  const [, from, to = ''] = braces.exec(regex) ?? [];
  return from !== undefined && to !== '' && Number(from) > Number(to);
}
