import { type Entry, purgedBy, type Timeline } from '../timeline/timeline.ts';
import {
  type Accepted,
  describeFinish,
  describeFollowed,
  describePurge,
  findAccepted,
  findEnd,
  findFinished,
} from '../timeline/timeline-purges.ts';

/** What a line of a sample's story says. */
export type AddStep = (atMs: number, what: string, lines: readonly string[]) => void;

/** What following purges needs. */
export interface FollowedSample {
  readonly urls: readonly string[];
  readonly timeline: Timeline;
  /** How long each step may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly step: AddStep;
  /** Called when CDN Pro has finished a purge, before anything else is known of it. */
  readonly onFinished: () => Promise<void>;
}

/**
 * Follows purges, and those that the purger sends after them for the same URLs, until it says the last word on each.
 * @returns why that is not that it is purged; undefined where it is
 */
export async function followPurges(
  accepted: readonly Accepted[],
  sample: FollowedSample,
): Promise<string | undefined> {
  const seen = new Set<string>();
  let current = accepted;
  while (current.length > 0) {
    for (const { purgeId } of current) seen.add(purgeId);
    const ends = await Promise.all(current.map((purge) => followPurge(purge, sample)));
    const failure = ends.find((end) => 'failure' in end);
    if (failure !== undefined) return failure.failure;
    const next = ends.flatMap((end) => ('next' in end ? (end.next ?? []) : []));
    current = [...new Map(next.map((purge) => [purge.purgeId, purge])).values()].filter(
      ({ purgeId }) => !seen.has(purgeId),
    );
  }
  return undefined;
}

type Outcome = { readonly failure: string } | { readonly next: readonly Accepted[] };

async function followPurge(purge: Accepted, sample: FollowedSample): Promise<Outcome> {
  const { timeline, timeoutMs, step, onFinished } = sample;
  step(purge.atMs, 'accepted', [describePurge(purge)]);
  const finished = await findFinished(timeline, purge, timeoutMs);
  if (finished === undefined) return { failure: 'its purge never finished' };
  step(finished.atMs, 'finished', [describeFinish(finished)]);
  await onFinished();
  const end = await findEnd(timeline, purge, timeoutMs);
  if (end === undefined) return { failure: 'tick never said how its purge has ended' };
  const again = timeline.entries.filter((entry) => isSentAgain(entry, purge.purgeId));
  // One that is superseded has a line that says by what.
  for (const entry of end.end === 'superseded' && again.length > 0 ? again : [end, ...again]) {
    const [what, text] = describeFollowed(entry);
    step(entry.atMs, what, [text]);
  }
  if (end.end === 'failed') return { failure: `its purge failed: ${end.reason ?? 'nobody knows why'}` };
  // Where all edges are seen to be fresh, a second purge changes nothing.
  if (end.end === 'fresh' || (again.length === 0 && end.end !== 'superseded')) return { next: [] };
  // Of what is only repeated, directories and patterns are left out.
  const isRepeatAlone = again.length > 0 && again.every(({ kind }) => kind === 'repeated');
  const sent = isRepeatAlone ? (purge.purge.fileUrls ?? []) : purgedBy(purge.purge);
  return nextPurges(sent, again[0]?.atMs ?? purge.atMs, sample);
}

type SentAgain = Entry & { readonly kind: 'repeated' | 'repaired' };

function isSentAgain(entry: Entry, purgeId: string): entry is SentAgain {
  return (entry.kind === 'repeated' || entry.kind === 'repaired') && entry.purgeId === purgeId;
}

/** The purges that come after one, and after a time, for those of its URLs that the sample is about. */
async function nextPurges(
  sent: readonly string[],
  sinceMs: number,
  { urls, timeline, timeoutMs }: FollowedSample,
): Promise<Outcome> {
  const ours = urls.filter((url) => sent.includes(url));
  const next = await Promise.all(ours.map((url) => findAccepted(timeline, url, sinceMs + 1, timeoutMs)));
  const found = next.filter((each) => each !== undefined);
  return found.length < ours.length ? { failure: 'it was never purged again' } : { next: found };
}
