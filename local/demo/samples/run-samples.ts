import type { LocalContext, SampleResult } from './local-context.ts';
import type { Sample } from './sample.ts';
import { groupsSharingUrls } from './sample-groups.ts';
import { areParked } from './steps/await-purges.ts';
import { followChange, parked } from './steps/follow-change.ts';
import { becomesCached, type Published, publish } from './steps/publish-first.ts';
import { visit } from './visitors.ts';

/**
 * Runs samples for real: publishes a first version of each, lets the edges cache it, makes the change, waits until the purger
 * has said the last word on its purges, and asks the edges until they serve what the origin has now. Those that are shown on
 * one page, such as the home page, go one after another. Webhooks' changes come once S3's are accepted: they would share a purge
 * with these, and what CMSs publish cannot be proven.
 */
export async function runSamples(
  samples: readonly Sample[],
  context: LocalContext,
): Promise<readonly SampleResult[]> {
  const published = await Promise.all(samples.map((sample) => publish(sample, context)));
  const results = new Map<number, SampleResult>();
  const ready: { readonly index: number; readonly urls: readonly string[]; readonly first: Published }[] = [];
  published.forEach((each, index) => {
    if ('steps' in each) results.set(index, each);
    else ready.push({ index, urls: each.urls, first: each });
  });
  const isWebhook = ({ first }: (typeof ready)[number]) => first.sample.kind === 'webhook';
  const accepted = new Map(
    ready.flatMap((each) => (isWebhook(each) ? [] : [[each.index, Promise.withResolvers<void>()] as const])),
  );
  const turn = Promise.all([...accepted.values()].map(({ promise }) => promise));
  const runGroup = async (group: typeof ready) => {
    for (const each of group.toSorted((a, b) => Number(isWebhook(a)) - Number(isWebhook(b)))) {
      const note = () => accepted.get(each.index)?.resolve();
      const beforeChange = isWebhook(each) ? turn : undefined;
      results.set(each.index, await runSample(each.first, context, { beforeChange, note }).finally(note));
    }
  };
  await Promise.all(groupsSharingUrls(ready).map(runGroup));
  return samples.flatMap((_, index) => results.get(index) ?? []);
}

/** What a sample waits for, and says to others. */
interface Turn {
  readonly beforeChange: Promise<unknown> | undefined;
  /** Called once CDN Pro has accepted the purges of the change. */
  readonly note: () => void;
}

async function runSample(first: Published, context: LocalContext, turn: Turn): Promise<SampleResult> {
  const { sample, pages, isPurged } = first;
  const { title } = sample;
  const sinceMs = context.nowMs();
  if (!(await becomesCached(pages, isPurged, context))) {
    if (await areParked(sinceMs - context.timeoutMs, context)) return parked(title, []);
    return { title, steps: [], failure: 'its first version never reached the edge' };
  }
  await turn.beforeChange;
  const [visited] = pages;
  const isVisited = context.isVisited && visited !== undefined;
  const endVisits = isVisited ? visit(context.edges, visited) : async () => {};
  try {
    return await followChange(first, context, turn.note);
  } finally {
    await endVisits();
  }
}
