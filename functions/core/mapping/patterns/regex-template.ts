import { escapeRegex } from '../urls/regex-pattern.ts';
import { encodeLiteral, normalizeOrigin } from '../urls/url.ts';
import { mayLack, type Part, type Template, templateOf } from './template.ts';
import { parseTokens, type Token } from './tokens.ts';
import { type UrlTemplateOptions, urlPart } from './url-template.ts';

/**
 * Compiles a template for `regexPatterns`: values are encoded as in a URL and then escaped, so that they match
 * themselves. Braces without a variable belong to the regex.
 * @throws PatternError for an invalid variable name
 */
export function compileRegexTemplate(source: string, options: UrlTemplateOptions = {}): Template {
  return templateOf(source, regexTemplateParts(source, options));
}

/**
 * @returns the parts of a template for `regexPatterns`, as {@link compileRegexTemplate} puts them together
 * @throws PatternError for an invalid variable name
 */
export function regexTemplateParts(source: string, options: UrlTemplateOptions = {}): readonly Part[] {
  const tokens = parseTokens(source, 'literal');
  let before = '';
  return tokens.map((token, index): Part => {
    if (token.kind === 'literal') {
      before += token.text;
      return encodeLiteral(index === 0 ? normalizeRegexOrigin(token.text, tokens[1]) : token.text);
    }
    // A whole URL as a value is not a pattern; without an origin it is refused at synth.
    const position = { before: before === '' ? '/' : before, isInQuery: before.includes('\\?') };
    const part = urlPart(token, position, options);
    before += part.sample ?? 'x';
    if (part.decidesHost) return { ...part, mayLack: mayLack(token) };
    const rest = tokens.slice(index + 1).map((each) => (each.kind === 'literal' ? each.text : 'x'));
    return {
      ...part,
      encode: (value) => escapeRegex(part.encode(value)),
      mayLack: mayLack(token),
      isNeeded: !endsPath.test(rest.join('')),
    };
  });
}

/** What may follow a value that names nothing: the end, or a query. CDN Pro leaves a pattern's end open without `$`. */
const endsPath = /^(?:\$$|\\\?|\((?:\?:)?\\\?[^()]*\)\?\$$)/;

/** The host of a regex, where it is whole. A path is not added: without one, the regex would match all of the host. */
function normalizeRegexOrigin(text: string, next: Token | undefined): string {
  const [origin] = /^(?:https?|any):\/\/[^/\\?#]+/i.exec(text) ?? [];
  if (origin === undefined) return text;
  const rest = text.slice(origin.length);
  const isWhole = rest.startsWith('/') || (rest === '' && next?.kind === 'variable' && next.crossesSlashes);
  return isWhole ? normalizeOrigin(origin).slice(0, -1) + rest : text;
}
