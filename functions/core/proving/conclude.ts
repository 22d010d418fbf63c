import { fileKey } from '../model/entry-key.ts';
import { mostOfPurge, type Sample } from './choose.ts';
import type { Probe, Seen, Verdict } from './probe.ts';

/** What probes say of a purge all in all. */
export interface Proof {
  readonly kind: 'fresh' | 'stale' | 'unproven';
  /** Why it is not fresh. */
  readonly reason?: string;
  /** What was seen, and where: no vantage point speaks for others. */
  readonly proof?: string;
  /** What was seen to be old. */
  readonly stale: readonly Probe[];
}

/** Longer ones say no more to people. */
const mostUrlCharacters = 200;
const mostSeenCharacters = 800;

const unanswered: Verdict = { kind: 'unproven', reason: 'no verdict', seen: [] };

/**
 * @param probes of one purge
 * @param verdicts in the same order; undefined where the function that probes has not answered
 * @param sample how many files of the purge could be probed, all of which are where they are few, and how much else it has,
 *   which makes it `unproven`; undefined where there was no time to read it
 */
export function concludeProof(
  probes: readonly Probe[],
  verdicts: readonly Verdict[] | undefined,
  sample: Pick<Sample, 'provable' | 'newer' | 'others'> | undefined,
): Proof {
  if (sample === undefined) return notProven('there was no time to ask');
  const { provable, newer, others } = sample;
  const all = provable + newer + others;
  if (all === 0) return notProven('the journal does not have its URLs');
  const isOfNewer = `of the purge's ${all} URLs, a newer change is known of ${newer}, which another purge is to show`;
  const isUntold = `of the purge's ${all} URLs, nothing tells which version ${others === 1 ? '1 shows' : `${others} show`}`;
  if (provable === 0) return notProven(newer > 0 ? isOfNewer : isUntold);
  if (probes.length === 0) return notProven('its hosts were asked for other purges');
  if (verdicts === undefined) return notProven('the function that probes has not answered');
  const told = throughRedirects(
    probes.map((probe, index) => ({ probe, verdict: verdicts[index] ?? unanswered })),
  );
  const of = (kind: Verdict['kind']) => told.filter(({ verdict }) => verdict.kind === kind);
  const vantages = new Set(told.flatMap(({ verdict }) => verdict.seen.map(nameOf)));
  const proof = `${of('proven').length} of ${provable} URLs seen at ${[...vantages].join(', ')}`;
  const stale = of('stale');
  const unproven = of('unproven');
  const [worst] = [...stale, ...unproven];
  if (worst === undefined) {
    if (provable <= mostOfPurge && told.length < provable) {
      const more = provable - told.length;
      return { ...notProven(`there was no room to ask for ${more} of the purge's ${all} URLs`), proof };
    }
    if (others > 0) {
      return { ...notProven(isUntold), proof };
    }
    return newer > 0 ? { ...notProven(isOfNewer), proof } : { kind: 'fresh', proof, stale: [] };
  }
  const such = `${worst.probe.url.slice(0, mostUrlCharacters)}: ${worst.verdict.reason}`;
  if (stale.length === 0) {
    return {
      ...notProven(`${unproven.length} of ${told.length} probes cannot tell, such as of ${such}`),
      proof,
    };
  }
  const seen = worst.verdict.seen.map(describeSeen).join('; ').slice(0, mostSeenCharacters);
  const reason = `${stale.length} of ${told.length} probes saw an old version, such as of ${such} (${seen})`;
  return { kind: 'stale', reason, proof, stale: stale.map(({ probe }) => probe) };
}

/** A probe, and what came of it. */
interface Told {
  readonly probe: Probe;
  readonly verdict: Verdict;
}

/** A visitor who is sent from one URL of a file to another one, such as `/about.html` to `/about`, sees what that one shows. */
function throughRedirects(told: readonly Told[]): readonly Told[] {
  // Who is sent on asks for the other URL with the same headers.
  const keyOf = ({ shows, headers }: Probe, url: string) =>
    JSON.stringify([fileKey({ url, ...(headers && { headers }) }), shows]);
  const proven = new Set(
    told.flatMap(({ probe, verdict }) => (verdict.kind === 'proven' ? keyOf(probe, hrefOf(probe.url)) : [])),
  );
  const isProven = (probe: Probe, { status = 0, location }: Seen) =>
    status >= 300 &&
    status < 400 &&
    location !== undefined &&
    proven.has(keyOf(probe, hrefOf(location, probe.url)));
  return told.map(({ probe, verdict }) => {
    const { kind, seen } = verdict;
    const isThrough = kind === 'unproven' && seen.length > 0 && seen.every((each) => isProven(probe, each));
    return { probe, verdict: isThrough ? { kind: 'proven', seen } : verdict };
  });
}

function hrefOf(url: string, base?: string): string {
  return URL.parse(url, base)?.href ?? url;
}

function notProven(why: string): Proof {
  return { kind: 'unproven', reason: `not proven: ${why}`, stale: [] };
}

function nameOf({ from, address }: Pick<Seen, 'from' | 'address'>): string {
  return address === undefined || address === from ? from : `${from} (${address})`;
}

/** @returns what an answer says of where it is from, in the names of its headers */
function describeSeen({ status, etag, lastModified, age, via, isOld, ...vantage }: Seen): string {
  const headers = { status, etag, 'last-modified': lastModified, age, 'x-via': via };
  const told = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  return `${nameOf(vantage)}${isOld ? ', old' : ''}: ${told.join(', ')}`;
}
