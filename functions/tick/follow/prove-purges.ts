import pMap from 'p-map';
import { hashOf } from '../../aws/journal/purge-recorder.ts';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { Step } from '../../core/following/decide-purge.ts';
import { decideStale } from '../../core/following/decide-stale.ts';
import { isToProve, type PurgeState } from '../../core/following/followed-purge.ts';
import { priceOfAgain, type RepairsSpent } from '../../core/following/repairs.ts';
import type { Repeats } from '../../core/following/repeats.ts';
import type { Tokens } from '../../core/limits/tokens/quota.ts';
import { fileKey } from '../../core/model/entry-key.ts';
import type { PurgeMessage } from '../../core/model/purge-message.ts';
import type { Target } from '../../core/model/types.ts';
import { chooseProbes, type Sample, sampleOf } from '../../core/proving/choose.ts';
import { concludeProof, type Proof } from '../../core/proving/conclude.ts';
import { askedEveryMs, longestAnswerMs, type Probe, type Verdict } from '../../core/proving/probe.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts, Probing } from './follow-ports.ts';
import { splitByStale } from './send-again.ts';
import { newerByUrl, type ProvenFiles, removedSince } from './versions-by-url.ts';
import { newerElsewhere, type VersionReader } from './versions-elsewhere.ts';

/** A tick waits so long for verdicts at most, and does not ask for them where it has less than the least, in milliseconds. */
const longestProbeMs = 25_000;
const shortestProbeMs = 8_000;
/** What is to be done with the verdicts takes a while, in milliseconds. */
const afterwardsMs = 5_000;
/** Proving takes so long at least, in milliseconds. */
export const leastProvingMs = shortestProbeMs + afterwardsMs;
/** A purge that ticks have not got to prove for so long, in milliseconds, is not proven. */
const givenUpMs = 10 * 60_000;
const concurrency = 16;

/** A purge that CDN Pro has finished in full. */
export interface Finished {
  readonly purge: OpenPurge;
  readonly state: PurgeState & { readonly kind: 'purging' };
  /** Decides on its second purge; undefined where a later purge has it. */
  readonly repeats: Repeats | undefined;
}

/** What is to be done to a purge once the edge was asked. */
export interface Proven {
  readonly purge: OpenPurge;
  readonly step: Step;
  readonly repeats: Repeats | undefined;
}

interface Sampled extends Finished {
  /** Missing where there was no time for too long. */
  readonly sample?: Sample;
}

/** What else is known of the files. */
export interface OtherPurges {
  /** All that are followed. */
  readonly open: readonly OpenPurge[];
  readonly versionsOf: VersionReader;
}

/**
 * Asks the edge for files of purges, and decides how they end by what it shows.
 * @param others what other purges know of the same files
 * @param quotas the day's quota of each target
 * @returns what is to be done; nothing of those for which there was no time, and which the next tick proves
 */
export async function provePurges(
  finished: readonly Finished[],
  others: OtherPurges,
  quotas: (target: Target) => Tokens,
  ports: FollowPorts & { readonly probing: Probing },
  deadlineMs: number,
): Promise<readonly Proven[]> {
  const leftMs = () => deadlineMs - afterwardsMs - ports.nowMs();
  // To read what many large purges have may take longer than a tick has.
  const hasTime = () => leftMs() >= shortestProbeMs;
  const read = await pMap(
    finished,
    (each) =>
      hasTime() || isTooLate(each, ports.nowMs())
        ? readSample(each, others, hasTime, ports)
        : postpone(each, ports),
    { concurrency },
  );
  const withinMs = Math.min(longestProbeMs, leftMs());
  // The last one that was read may have taken long.
  const canAsk = withinMs >= longestAnswerMs + askedEveryMs;
  const inTime = canAsk
    ? read
    : await pMap(read, (each) => (each?.sample === undefined ? each : postpone(each, ports)), {
        concurrency,
      });
  const toChoose = inTime.flatMap((each) => each ?? []);
  const chosen = chooseProbes(
    toChoose.flatMap(({ purge: { purgeId, target, lane }, sample }) =>
      sample === undefined ? [] : [{ purgeId, target, lane, sample }],
    ),
    ports.probing.vantages,
    withinMs,
  );
  const probesOf = ({ purge: { purgeId } }: Finished) => chosen.get(purgeId) ?? [];
  // In bulk most have no probe: they end without a write more.
  const claimed = await pMap(
    toChoose,
    async (each) => (probesOf(each).length === 0 ? each : claim(each, ports)),
    { concurrency },
  );
  const sampled = claimed.flatMap((each) => each ?? []);
  const asked = await askEdge(sampled.flatMap(probesOf), withinMs, ports);
  const verdicts = asked && (await doubtRemoved(asked, others, ports));
  const proofs = sampled.map((each) => {
    const probes = probesOf(each);
    const own =
      verdicts && probes.map((probe) => verdicts.get(probe)).filter((verdict) => verdict !== undefined);
    note(each.purge, probes, own ?? [], ports);
    return { ...each, proof: concludeProof(probes, own, each.sample) };
  });
  const fresh = proofs.filter(({ proof }) => proof.kind === 'fresh');
  const notFresh = await findNotFresh(
    fresh.map((each) => ({ purge: each.purge, probes: probesOf(each) })),
    others,
    ports,
  );
  const ended = proofs.flatMap(({ proof, ...each }) =>
    proof.kind === 'stale' ? [] : [endOf(each, { ...proof, ...notFresh.get(each.purge.purgeId) })],
  );
  const stale = proofs.filter(({ proof }) => proof.kind === 'stale');
  try {
    return [...ended, ...(await repairAll(stale, quotas, ports))];
  } catch (error) {
    // The next tick proves these again; what was proven of others counts.
    const purgeIds = stale.map(({ purge: { purgeId } }) => purgeId);
    ports.log.warn(followEvents.notSampled, { purgeIds, error: describeError(error) });
    return ended;
  }
}

/** @returns whether a purge has waited to be proven for too long */
function isTooLate({ purge, state }: Finished, nowMs: number): boolean {
  // CDN Pro may have finished it long before a tick found out, as after a pause.
  const sinceMs = provingMsOf(purge) ?? state.finishedMs ?? purge.acceptedMs;
  return isToProve(purge) && nowMs - sinceMs > givenUpMs;
}

function provingMsOf({ state }: OpenPurge): number | undefined {
  return state.kind === 'purging' ? state.provingMs : undefined;
}

/** Leaves a purge to the next tick, which has more time where CDN Pro need not be asked for it again. */
async function postpone(
  each: Finished,
  ports: Pick<FollowPorts, 'journal' | 'log' | 'nowMs'>,
): Promise<undefined> {
  if (!isToProve(each.purge)) await writeToProve(each, ports);
}

/** @returns undefined where a purge's files cannot be read, or there is no time for it, which keeps no other purge waiting */
async function readSample(
  each: Finished,
  { open, versionsOf }: OtherPurges,
  hasTime: () => boolean,
  { journal, log, nowMs }: FollowPorts,
): Promise<Sampled | undefined> {
  const { purgeId } = each.purge;
  if (isTooLate(each, nowMs())) return each;
  try {
    // Of many purges the bodies are too much to be kept.
    const entries = (await journal.messages(purgeId)).flatMap((message) => message.entries);
    const newer = await newerElsewhere(each.purge, entries, open, versionsOf, hasTime);
    if (newer === undefined) return postpone(each, { journal, log, nowMs });
    return { ...each, sample: sampleOf(entries, newer) };
  } catch (error) {
    log.warn(followEvents.notSampled, { purgeId, error: describeError(error) });
    // What stays unreadable is given up some time after it was written down.
    await writeToProve(each, { journal, log, nowMs });
    return undefined;
  }
}

/** @returns the purge once it is written down that it is only to be proven; undefined where another tick does that */
async function claim(
  each: Sampled,
  ports: Pick<FollowPorts, 'journal' | 'log' | 'nowMs'>,
): Promise<Sampled | undefined> {
  const purge = await writeToProve(each, ports);
  return purge && { ...each, purge };
}

/**
 * Writes down that a purge is only to be proven: so that one tick does it, and CDN Pro is not asked for it again.
 * @returns undefined where somebody else has written of it, or it could not be written
 */
async function writeToProve(
  { purge, state }: Finished,
  { journal, log, nowMs }: Pick<FollowPorts, 'journal' | 'log' | 'nowMs'>,
): Promise<OpenPurge | undefined> {
  // One that an older version has written down is given up by when CDN Pro had finished it.
  const provingMs = isToProve(purge) ? provingMsOf(purge) : nowMs();
  try {
    return await journal.write(purge, { ...state, ...(provingMs !== undefined && { provingMs }) });
  } catch (error) {
    log.warn(followEvents.notSampled, { purgeId: purge.purgeId, error: describeError(error) });
    return undefined;
  }
}

/** @returns a verdict for each probe; undefined where the function that probes has not answered */
async function askEdge(
  probes: readonly Probe[],
  withinMs: number,
  { probing, log }: FollowPorts & { readonly probing: Probing },
): Promise<ReadonlyMap<Probe, Verdict> | undefined> {
  if (probes.length === 0) return new Map();
  try {
    const { verdicts } = await probing.probe({ probes, withinMs });
    return new Map(
      probes.flatMap((probe, index) => {
        const verdict = verdicts[index];
        return verdict === undefined ? [] : [[probe, verdict] as const];
      }),
    );
  } catch (error) {
    log.warn(followEvents.notProbed, { probes: probes.length, error: describeError(error) });
    return undefined;
  }
}

/** @returns the same, but that nobody can tell of what was removed since */
async function doubtRemoved(
  verdicts: ReadonlyMap<Probe, Verdict>,
  { versionsOf }: OtherPurges,
  ports: FollowPorts,
): Promise<ReadonlyMap<Probe, Verdict>> {
  const stale = [...verdicts].flatMap(([probe, { kind }]) => (kind === 'stale' ? [probe] : []));
  try {
    const removed = await removedSince(stale, versionsOf, ports);
    const doubt = {
      kind: 'unproven',
      reason: 'its version was removed since, and another one is back',
    } as const;
    return new Map(
      [...verdicts].map(([probe, verdict]) => [
        probe,
        removed.has(probe) ? { ...doubt, seen: verdict.seen } : verdict,
      ]),
    );
  } catch (error) {
    ports.log.warn(followEvents.notSampled, { probes: stale.length, error: describeError(error) });
    return verdicts;
  }
}

/** @returns by ID, why those are not fresh of which each probe was proven: another purge has a newer version */
async function findNotFresh(
  proven: readonly ProvenFiles[],
  { versionsOf }: OtherPurges,
  ports: FollowPorts,
): Promise<ReadonlyMap<string, Pick<Proof, 'kind' | 'reason'>>> {
  const because = (why: string) => ({ kind: 'unproven', reason: `not proven: ${why}` }) as const;
  try {
    const { newer, unknown } = await newerByUrl(proven, versionsOf, ports);
    const many = because('there were too many purges since to look for a newer version');
    return new Map([
      ...[...unknown].map((purgeId) => [purgeId, many] as const),
      ...[...newer].map((purgeId) => [purgeId, because('another purge knows a newer version')] as const),
    ]);
  } catch (error) {
    const ids = proven.map(({ purge: { purgeId } }) => purgeId);
    ports.log.warn(followEvents.notSampled, { purgeIds: ids, error: describeError(error) });
    return new Map(
      ids.map((purgeId) => [purgeId, because('whether there is a newer version was not known')]),
    );
  }
}

/** Says what was seen, where that is not the new version. */
function note(
  { purgeId }: OpenPurge,
  probes: readonly Probe[],
  verdicts: readonly Verdict[],
  { measure, log }: FollowPorts,
): void {
  const told = verdicts.map((verdict, index) => ({ url: probes[index]?.url, ...verdict }));
  const stale = told.filter(({ kind }) => kind === 'stale');
  const unproven = told.filter(({ kind }) => kind === 'unproven');
  if (stale.length > 0) {
    measure('ProbesStale', stale.length);
    log.warn(followEvents.probesStale, { purgeId, probes: stale });
  }
  if (unproven.length > 0) {
    measure('ProbesUnproven', unproven.length);
    log.info(followEvents.probesUnproven, { purgeId, probes: unproven });
  }
}

function endOf({ purge, state, repeats }: Finished, { kind, reason, proof }: Proof): Proven {
  const { kind: _, ...outcome } = state;
  const seen = { ...outcome, ...(reason !== undefined && { reason }), ...(proof !== undefined && { proof }) };
  const end = { kind: kind === 'fresh' ? 'fresh' : 'completed', ...seen } as const;
  return { purge, step: { kind: 'end', end }, repeats };
}

type Stale = Finished & { readonly proof: Proof };

/** @returns what is to be done to purges of which files were seen to be old; nothing where another tick is at work */
async function repairAll(
  stale: readonly Stale[],
  quotas: (target: Target) => Tokens,
  ports: FollowPorts,
): Promise<readonly Proven[]> {
  if (stale.length === 0) return [];
  const { journal, nowMs } = ports;
  const { following, version } = await journal.readFollowing();
  let spent: RepairsSpent = following.spent;
  const decided: Proven[] = [];
  for (const { purge, state, repeats, proof } of stale) {
    const { kind: _, ...outcome } = state;
    const hashes = proof.stale.map((probe) => hashOf(fileKey(probe)));
    const { reason = '', proof: seen = '' } = proof;
    const messages = await journal.messages(purge.purgeId);
    const isRepeated = isInAll(repeats?.of(purge.purgeId, messages) ?? [], hashes);
    const again = priceOfAgain(splitByStale(messages, hashes).old);
    const result = decideStale(
      purge,
      { ...outcome, reason, proof: seen, stale: hashes },
      { isRepeated, again, spent, quota: quotas(purge.target), nowMs: nowMs() },
    );
    spent = result.spent;
    decided.push({ purge, step: result.step, repeats });
  }
  const isChanged = spent !== following.spent;
  return !isChanged || (await journal.writeFollowing({ ...following, spent }, version)) ? decided : [];
}

/** @returns whether messages have all files of these hashes */
function isInAll(messages: readonly PurgeMessage[], hashes: readonly string[]): boolean {
  const { old } = splitByStale(messages, hashes);
  const files = old.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === 'file' ? fileKey(entry) : [])),
  );
  return new Set(files).size === new Set(hashes).size;
}
