import type { Entry } from '../../timeline/timeline.ts';
import { type Accepted, type Finished, findAccepted, findFinished } from '../../timeline/timeline-purges.ts';
import type { LocalContext } from '../local-context.ts';
import type { RealSample } from '../sample.ts';

/** @returns the log line that says that the change of this sample was queued */
export function queuedBy(
  sample: RealSample,
  sinceMs: number,
  { timeline, timeoutMs }: LocalContext,
): Promise<(Entry & { kind: 'queued' }) | undefined> {
  const isOurs = (entry: Entry): entry is Entry & { kind: 'queued' } =>
    entry.kind === 'queued' &&
    (sample.kind === 'webhook'
      ? sample.body.includes(`"${entry.changeId}"`)
      : entry.changeId.endsWith(`/${sample.key}`));
  return timeline.find(isOurs, sinceMs, timeoutMs);
}

/** @returns the accepted purges of a change, which are several where some of its URLs had to wait for tokens */
export async function acceptedFor(
  urls: readonly string[],
  sinceMs: number,
  { timeline, timeoutMs }: LocalContext,
): Promise<readonly Accepted[] | undefined> {
  const purges = await Promise.all(urls.map((url) => findAccepted(timeline, url, sinceMs, timeoutMs)));
  const found = purges.filter((purge) => purge !== undefined);
  return found.length < urls.length ? undefined : [...new Set(found)];
}

/** @returns the ends of purges; undefined where one is not in time */
export async function finishedOf(
  purges: readonly Accepted[],
  { timeline, timeoutMs }: LocalContext,
): Promise<readonly Finished[] | undefined> {
  const ends = await Promise.all(purges.map((purge) => findFinished(timeline, purge, timeoutMs)));
  const found = ends.filter((end) => end !== undefined);
  return found.length < purges.length ? undefined : found;
}

/** Whether something waits for tokens of the day, which a configuration may give few of. */
export async function areParked(sinceMs: number, { timeline }: LocalContext): Promise<boolean> {
  const isParked = (entry: Entry): entry is Entry & { kind: 'parked' } => entry.kind === 'parked';
  return (await timeline.find(isParked, sinceMs, 0)) !== undefined;
}
