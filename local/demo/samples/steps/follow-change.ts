import type { EdgeAnswer } from '../../../edge/edge-client.ts';
import { describePurge } from '../../timeline/timeline-purges.ts';
import { followPurges } from '../follow-purges.ts';
import type { LocalContext, SampleResult, Step } from '../local-context.ts';
import type { RealSample } from '../sample.ts';
import { findUnexpected } from '../sample-edges.ts';
import { findRaced } from '../visitors.ts';
import { acceptedFor, areParked, queuedBy } from './await-purges.ts';
import { makeChange, pageOf } from './make-change.ts';
import type { Published } from './publish-first.ts';

/** Makes the change, and notes each step of it until the edges serve what the origin has now. */
export async function followChange(
  { sample, urls, pages }: Published,
  context: LocalContext,
  note: () => void,
): Promise<SampleResult> {
  const { edges, nowMs } = context;
  const { title } = sample;
  const steps: Step[] = [];
  const failed = (failure: string): SampleResult => ({ title, steps, failure });
  const changedMs = nowMs();
  const step = (atMs: number, what: string, lines: readonly string[]) =>
    void steps.push({ afterMs: atMs - changedMs, what, lines });
  const done = await makeChange(sample, pages, context);
  step(changedMs, 'changed', [done.description]);
  const queued = await queuedBy(sample, changedMs, context);
  if (queued === undefined) return failed('it never reached the buffer');
  if (sample.kind === 'webhook' && sample.rule !== undefined && !queued.rules.includes(sample.rule)) {
    const failure = 'no sample entry fits it: cdn-purger send takes fields';
    return { title, steps: [], failure, isSkipped: true };
  }
  step(queued.atMs, 'queued', done.queued ?? queued.urls);
  const wanted = pages.length > 0 ? pages : urls;
  const accepted = await acceptedFor(wanted, changedMs, context);
  if (accepted === undefined) {
    if (await areParked(changedMs, context)) return parked(title, steps);
    return failed('CDN Pro never accepted a purge request for it');
  }
  note();
  const isFresh = ({ status, body }: EdgeAnswer) =>
    sample.kind === 'delete' ? status === 404 : body.toString() === pageOf('second');
  if (context.knowsFinish) {
    const onFinished = async () => {
      const [visited] = pages;
      const raced = visited === undefined ? [] : await findRaced(edges, visited, isFresh);
      const what = `${raced.join(', ')} got the old page from a parent that obeyed later: ${visited}`;
      if (raced.length > 0) step(nowMs(), 'raced', [what]);
    };
    const failure = await followPurges(accepted, { ...context, urls: wanted, step, onFinished });
    if (failure !== undefined) return failed(failure);
  } else for (const purge of accepted) step(purge.atMs, 'accepted', [describePurge(purge)]);
  const stale = await findUnexpected(edges, pages, isFresh, nowMs);
  if (stale !== undefined) return failed(`the edge still shows the old page at ${stale}`);
  const shown = pages.map((url) => shownAt(url, sample, context));
  if (shown.length > 0) step(nowMs(), 'shown', shown);
  return { title, steps: steps.toSorted((a, b) => a.afterMs - b.afterMs) };
}

function shownAt(url: string, { kind }: RealSample, { edges }: LocalContext): string {
  const where = edges.length === 1 ? '' : ` at ${edges.length} edges`;
  return `${url} ${kind === 'delete' ? 'is gone' : 'shows the second version'}${where}`;
}

/** @returns the result of a sample that the day has no tokens for */
export function parked(title: string, steps: readonly Step[]): SampleResult {
  return { title, steps, failure: 'it waits for tokens of the day: there are few of them', isSkipped: true };
}
