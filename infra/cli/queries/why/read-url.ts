import {
  encodeLiteral,
  fileUrlProblem,
  normalizeOrigin,
} from '../../../../functions/core/mapping/urls/url.ts';
import { describeValue } from '../../../../functions/core/model/errors.ts';
import { UsageError } from '../../usage-error.ts';
import { describeProblem } from '../purge-by-hand.ts';

/**
 * @returns the URL of a page or file, as CDN Pro writes it
 * @throws UsageError where there is none, another one, or something else
 */
export function readOneUrl(args: readonly string[]): string {
  const [url, ...others] = args;
  if (url === undefined) throw new UsageError('Expected a URL, got none');
  if (others.length > 0) throw new UsageError(`Expected one URL, got "${others[0]}", too`);
  return readFileUrl(url);
}

/**
 * @returns the URL of a page or file, as CDN Pro writes it
 * @throws UsageError where it is something else
 */
export function readFileUrl(given: string): string {
  const url = normalizeOrigin(encodeLiteral(given.replace(/#.*$/s, '')));
  const reason = /[*]|^any:\/\/|^regex:/.test(url)
    ? `expected a page or a file, without a wildcard, got ${describeValue(given)}`
    : fileUrlProblem(url);
  if (reason === undefined) return url;
  const said = describeProblem({ url: given, reason });
  throw new UsageError(`${said.charAt(0).toUpperCase()}${said.slice(1)}`);
}
