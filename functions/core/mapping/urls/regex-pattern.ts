import { describeValue } from '../../model/errors.ts';
import { unmarkStars } from './literal-star.ts';
import { regexSyntaxProblem } from './regex-syntax.ts';

const syntax = /^(?:https?|any):\/\/[A-Za-z0-9.-]+\/[\s\S]*$/;

/** Limits on `regexPatterns` (the purge API's page): characters after the host, quantifiers, their upper limit. */
const limits = { length: 126, unlimitedQuantifiers: 2, upperLimit: 59 };

/** Escapes a part of a URL so that it matches itself in a regular expression. */
export function escapeRegex(text: string): string {
  return unmarkStars(text).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Why CDN Pro would refuse this as an entry of `regexPatterns`, or undefined where it would not. */
export function regexPatternProblem(pattern: string): string | undefined {
  if (!syntax.test(pattern)) {
    return `expected a pattern that begins with {http|https|any}://{host}/, got ${describeValue(pattern)}`;
  }
  const afterHost = pattern.slice(pattern.indexOf('/', pattern.indexOf('://') + 3));
  if (afterHost.length > limits.length) {
    return `expected at most ${limits.length} characters after the host, got ${afterHost.length}`;
  }
  const syntaxProblem = regexSyntaxProblem(afterHost);
  return syntaxProblem === undefined
    ? quantifierProblem(afterHost)
    : `expected a regular expression, got ${describeValue(afterHost)}: ${syntaxProblem}`;
}

function quantifierProblem(regex: string): string | undefined {
  // Escaped characters and character classes hold no quantifiers.
  const bare = regex.replace(/\\[\s\S]/g, '_').replace(/\[[^\]]*\]/g, '_');
  const unlimited = bare.match(/[*+]|\{\d*,\}/g)?.length ?? 0;
  if (unlimited > limits.unlimitedQuantifiers) {
    return `expected at most ${limits.unlimitedQuantifiers} unlimited quantifiers (*, +, {n,}), got ${unlimited}`;
  }
  const upper = [...bare.matchAll(/\{(?:\d*,)?(\d+)\}/g)].map(([, limit]) => Number(limit));
  const tooHigh = upper.find((limit) => limit > limits.upperLimit);
  if (tooHigh === undefined) return undefined;
  return `expected a quantifier's upper limit of at most ${limits.upperLimit}, got ${tooHigh}`;
}
