import { readPurgeTokens } from '../../../../functions/cdn-pro/quotas.ts';
import type { Tokens } from '../../../../functions/core/limits/tokens/quota.ts';
import type { PurgeRequestBody } from '../../../../functions/core/planning/planned-request.ts';
import { type Bench, type Exchange, MeasureError } from './bench.ts';

/** @returns a purge of files, as fields of its request */
export function purgeOf(
  fileUrls: readonly string[],
  fields: Partial<PurgeRequestBody> = {},
): PurgeRequestBody {
  return {
    name: 'cdn-purger doctor --measure',
    target: 'staging',
    action: 'invalidate',
    fileUrls,
    ...fields,
  };
}

/** The path that says what is left of the day's tokens. */
export const tokensPath = '/cdn/purges/purgeTokens?target=staging';

/**
 * @returns what is left of the day's tokens
 * @throws MeasureError where CDN Pro does not say it
 */
export async function readTokens(bench: Pick<Bench, 'get'>): Promise<Tokens> {
  const answer = await bench.get(tokensPath);
  const tokens = answer.status === 200 ? readPurgeTokens(answer.body) : undefined;
  if (tokens === undefined) throw new MeasureError(`the day's tokens cannot be read: ${describe(answer)}`);
  return tokens;
}

/**
 * Purges files.
 * @throws MeasureError where CDN Pro does not accept it
 */
export async function accepted(
  bench: Bench,
  fileUrls: readonly string[],
  fields?: Partial<PurgeRequestBody>,
): Promise<Exchange> {
  const answer = await bench.post(purgeOf(fileUrls, fields), { files: fileUrls.length, dirs: 0 });
  if (answer.status !== 201) throw new MeasureError(`a purge was not accepted: ${describe(answer)}`);
  return answer;
}

/** @returns the ID of the purge that was accepted */
export function purgeIdOf({ status, headers }: Exchange): string | undefined {
  return status === 201 ? /\/cdn\/purges\/([^/?#]+)/.exec(headers.get('location') ?? '')?.[1] : undefined;
}

/** @returns what the customer's bucket has left after a request; undefined where the answer does not say it */
export function remainingOf({ headers }: Exchange): number | undefined {
  const value = headers.get('x-rate-limit-remaining')?.trim() ?? '';
  return /^\d{1,9}(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** @returns an answer in a few words: its status, and the code of the error */
export function describe({ status, body }: Exchange): string {
  if (status === undefined) return 'no answer';
  const code = /"code"\s*:\s*"([A-Za-z0-9_.-]{1,60})"/.exec(body)?.[1];
  return code === undefined ? `HTTP ${status}` : `HTTP ${status} ${code}`;
}
