import { defineCommand, purgerOptions, purgerUsage } from '../../command.ts';
import { connect, type Purger } from '../../purger/connect.ts';
import { awaitChanges } from '../../purger/history/await-changes.ts';
import { readAheadMs, withClock } from '../../purger/queues/sqs-clock.ts';
import { readDuration, readTime } from '../../queries/time.ts';
import type { Wanted } from '../../queries/why/awaited.ts';
import { readFileUrl } from '../../queries/why/read-url.ts';
import { matchUrl } from '../../queries/why/url-match.ts';
import { UsageError } from '../../usage-error.ts';
import { awaitedResult } from './awaited-result.ts';

const usage = `Usage:
  cdn-purger wait URL... [--since TIME] [--timeout DURATION] (--stack NAME | --ready FILE) [--json]
  cdn-purger wait [--under PREFIX] [--since TIME] [--timeout DURATION] (--stack NAME | --ready FILE) [--json]

Waits, in a pipeline, until what changed is completed or fresh. With URLs each of them must have changed since then, so that
a change that has not even arrived is waited for. Without, it is all that has arrived, by SQS's own counts, which are rough.
It says at once what it waits for, and by when what waits for tokens of the day is done, or that it is paused, or that
CDN Pro has answered 429 or refuses the credentials.

  --since TIME        what changed before does not count: a time (2026-11-26T08:00:00Z, or seconds since 1970) by this
                      machine's clock, or a duration before now (15m). Default: 15m
  --under PREFIX      only what begins with this, such as https://www.example.com/blog/
  --timeout DURATION  when to give up. Default: 20m
${purgerUsage}

Ends with 0 where all is completed or fresh, 1 where something has failed or nothing has changed, 2 where it cannot be told,
and 3 where time runs out.`;

/** For pipelines: it goes on once visitors see what was deployed. */
export const waitCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    since: { type: 'string' },
    under: { type: 'string' },
    timeout: { type: 'string' },
  },
  async run({ values, positionals }, surroundings) {
    const { since = '15m', timeout = '20m', under } = values;
    const givenMs = readTime('--since', since, surroundings.nowMs());
    const timeoutMs = readDuration('--timeout', timeout);
    if (under !== undefined && positionals.length > 0) {
      throw new UsageError('Expected URLs or --under, got both');
    }
    if (under !== undefined && !/^https?:\/\/[^/]+\//.test(under)) {
      throw new UsageError(
        `Expected --under to begin with http:// or https://, a host and a slash, got "${under}"`,
      );
    }
    const urls = positionals.map(readFileUrl);
    const purger = await connect(values);
    const aheadMs = await readAheadMs(purger, surroundings);
    const wanted = wantedOf(urls, { sinceMs: givenMs - aheadMs, under }, purger);
    const result = await awaitChanges(purger, { wanted, timeoutMs }, withClock(surroundings, aheadMs));
    return awaitedResult(result, { json: values.json === true });
  },
});

/** @returns what to wait for, from the second on in which a time is: EventBridge tells whole seconds of S3's events */
export function wantedOf(
  urls: readonly string[],
  { sinceMs: askedMs, under }: { readonly sinceMs: number; readonly under: string | undefined },
  { planning, target }: Pick<Purger, 'planning' | 'target'>,
): Wanted {
  const sinceMs = Math.floor(askedMs / 1000) * 1000;
  if (urls.length === 0) return { kind: 'changes', sinceMs, ...(under !== undefined && { under }) };
  const matches = urls.map((url) => [url, matchUrl(url, planning.cacheKey, target)] as const);
  return { kind: 'urls', sinceMs, urls: new Map(matches) };
}
