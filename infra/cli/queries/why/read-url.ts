import { describeValue } from '../../../../functions/core/model/errors.ts';
import { UsageError } from '../../usage-error.ts';
import { describeProblem, readUrls } from '../purge-by-hand.ts';

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
export function readFileUrl(url: string): string {
  const { entries, problems } = readUrls([url.replace(/#.*$/s, '')], {
    target: 'production',
    action: 'invalidate',
  });
  const [entry] = entries;
  if (entry?.kind === 'file') return entry.url;
  const [
    problem = { url, reason: `expected a page or a file, without a wildcard, got ${describeValue(url)}` },
  ] = problems;
  const said = describeProblem(problem);
  throw new UsageError(`${said.charAt(0).toUpperCase()}${said.slice(1)}`);
}
