import type { Target } from '../../model/types.ts';
import { failedSender, noTallies, type SenderTallies, type Tally } from './lane.ts';
import { minus, noTokens, plus, type Tokens } from './quota.ts';

/** Senders of one deployment, by their names. */
export type Senders = Readonly<Record<string, SenderState>>;

/** What is kept of senders: of this deployment, and of the others that share the limits. */
export interface AllSenders {
  readonly senders: Senders;
  /** By the names of the deployments. */
  readonly neighbors: Readonly<Record<string, Senders>>;
}

/** What the limits item keeps of one sender: a webhook or a bucket. */
export interface SenderState extends SenderTallies {
  /** The half day that `recent` belongs to, counted since the epoch. */
  readonly halfDay: number;
  /** Tokens of that half day, and of the one before it. */
  readonly recent: Tokens;
  readonly before: Tokens;
  /** Purges by prefix that no user asked for, in a day. */
  readonly prefixes: Tally;
  /** When something of this sender last waited for tokens, in milliseconds. */
  readonly waitingMs: number;
  /** The same for each kind of token; an earlier version of this project does not tell them apart. */
  readonly waitingKindsMs?: Tokens;
}

/** The kinds of tokens. */
export type TokenKind = keyof Tokens;

const tokenKinds: readonly TokenKind[] = ['files', 'dirs'];

const unknownSender: SenderState = {
  ...noTallies,
  halfDay: 0,
  recent: noTokens,
  before: noTokens,
  prefixes: { sinceMs: 0, count: 0 },
  waitingMs: 0,
};

/** The most that one sender takes of a day's tokens while others wait (`docs/quota.md`). */
export const senderShare = 0.5;

const halfDayMs = 12 * 60 * 60 * 1000;
/** Who waits says so each minute; after this, nothing of theirs waits any more. */
const waitingForMs = 150_000;

/**
 * @returns the name under which it is kept what a sender spends and waits for of a target: each target has tokens of its own.
 * That of production is the sender's, as earlier versions of this project have it for all
 */
export function senderOfTarget(sender: string, target: Target): string {
  return target === 'production' ? sender : `${target} ${sender}`;
}

function ofTarget(senders: Senders, target: Target): Senders {
  const prefix = senderOfTarget('', 'staging');
  const isOfTarget = (name: string) => name.startsWith(prefix) === (target === 'staging');
  return Object.fromEntries(Object.entries(senders).filter(([name]) => isOfTarget(name)));
}

/** @returns what is kept of a sender */
export function senderIn(senders: Senders, name: string): SenderState {
  return Object.hasOwn(senders, name) ? (senders[name] ?? unknownSender) : unknownSender;
}

/** @returns tokens that a sender has spent in the last 12 to 24 hours */
export function spentBy(sender: SenderState, nowMs: number): Tokens {
  const { recent, before } = upTo(sender, nowMs);
  return plus(recent, before);
}

/** @returns the half day since the epoch */
export function halfDayOf(nowMs: number): number {
  return Math.floor(nowMs / halfDayMs);
}

/** A sender whose half day is the present one. */
function upTo(sender: SenderState, nowMs: number): SenderState {
  const halfDay = halfDayOf(nowMs);
  if (sender.halfDay >= halfDay) return sender;
  const before = sender.halfDay === halfDay - 1 ? sender.recent : noTokens;
  return { ...sender, halfDay, recent: noTokens, before };
}

/** Takes note of what was seen of a sender, see `classify`. */
export function noteTallies(
  senders: Senders,
  name: string,
  { entries, deletes }: SenderTallies,
  nowMs: number,
): Senders {
  return { ...senders, [name]: { ...upTo(senderIn(senders, name), nowMs), entries, deletes } };
}

/** More than this are not kept, so that the item stays small: nobody has as many webhooks and buckets. */
const mostSenders = 100;

/** @returns the senders of which something is left to know: purges by prefix count for a day, what was spent for less */
export function forgetOld(senders: Senders, nowMs: number): Senders {
  const oldest = halfDayOf(nowMs) - 1;
  const recent = Object.entries(senders).filter(
    ([, { halfDay, prefixes }]) => halfDay >= oldest || countedPrefixes(prefixes, nowMs) > 0,
  );
  return Object.fromEntries(recent.slice(-mostSenders));
}

/** Takes note of tokens that senders have spent, and forgets senders of which nothing is left to know. */
export function noteSpent(senders: Senders, spent: Readonly<Record<string, Tokens>>, nowMs: number): Senders {
  const noted = new Map(Object.entries(forgetOld(senders, nowMs)));
  for (const [name, tokens] of Object.entries(spent)) {
    const sender = upTo(senderIn(senders, name), nowMs);
    noted.set(name, { ...sender, recent: plus(sender.recent, tokens) });
  }
  return Object.fromEntries(noted);
}

/** Takes back tokens that senders were to spend on a request that CDN Pro has refused. */
export function noteRefunded(senders: Senders, spent: Readonly<Record<string, Tokens>>): Senders {
  const noted = Object.entries(spent).map(([name, tokens]) => {
    const sender = senderIn(senders, name);
    const { files, dirs } = minus(sender.recent, tokens);
    return [name, { ...sender, recent: { files: Math.max(0, files), dirs: Math.max(0, dirs) } }] as const;
  });
  return { ...senders, ...Object.fromEntries(noted) };
}

/** Takes note that something of these senders waits for tokens of these kinds. */
export function noteWaiting(
  senders: Senders,
  names: readonly string[],
  nowMs: number,
  kinds: readonly TokenKind[] = tokenKinds,
): Senders {
  const notedMs = Object.fromEntries(kinds.map((kind) => [kind, nowMs]));
  const noted = names.map((name) => {
    const sender = upTo(senderIn(senders, name), nowMs);
    const waitingKindsMs = { ...waitingKindsOf(sender), ...notedMs };
    return [name, { ...sender, waitingMs: nowMs, waitingKindsMs }] as const;
  });
  return { ...senders, ...Object.fromEntries(noted) };
}

function waitingKindsOf({ waitingMs, waitingKindsMs }: SenderState): Tokens {
  return waitingKindsMs ?? { files: waitingMs, dirs: waitingMs };
}

/**
 * @returns how many tokens of a target a sender may still take: up to half of the quota while others wait that have not had their
 * half, and otherwise all, so that no token stays unused while all that wait have had theirs. What has failed takes no more
 * than half in any case, of all deployments together: others may come that need the rest. While other deployments wait
 * that have not had their share, an equal part of the quota, all senders of this one together take no more than its own.
 * Who waits for a directory keeps nobody from files
 */
export function shareLeft(
  { senders, neighbors }: AllSenders,
  { sender, target }: { readonly sender: string; readonly target: Target },
  quota: Tokens,
  nowMs: number,
): Tokens {
  const all: AllSenders = {
    senders: ofTarget(senders, target),
    neighbors: Object.fromEntries(
      Object.entries(neighbors).map(([deployment, each]) => [deployment, ofTarget(each, target)]),
    ),
  };
  const names = { own: senderOfTarget(sender, target), failed: senderOfTarget(failedSender, target) };
  const leftFor = (kind: TokenKind) => shareLeftOf(kind, all, names, quota[kind], nowMs);
  return { files: leftFor('files'), dirs: leftFor('dirs') };
}

function shareLeftOf(
  kind: TokenKind,
  { senders, neighbors }: AllSenders,
  names: { readonly own: string; readonly failed: string },
  quota: number,
  nowMs: number,
): number {
  const deployments = 1 + Object.keys(neighbors).length;
  const leftOfSender = (name: string, of: Senders) => {
    const share = name === names.failed ? senderShare / deployments : senderShare;
    return leftOf(quota, share, spentBy(senderIn(of, name), nowMs)[kind]);
  };
  const deploymentLeft = (each: Senders) => leftOf(quota, 1 / deployments, spentByAll(each, nowMs)[kind]);
  const isAnyWaitingOf = (each: Senders, but?: string) =>
    Object.entries(each).some(
      ([name, sender]) =>
        name !== but && isAnyWaiting([sender], [kind], nowMs) && leftOfSender(name, each) > 0,
    );
  const isNeighborWaiting = Object.values(neighbors).some(
    (each) => isAnyWaitingOf(each) && deploymentLeft(each) > 0,
  );
  const ownLeft = leftOfSender(names.own, senders);
  if (isNeighborWaiting) return Math.min(ownLeft, deploymentLeft(senders));
  const isLimited = names.own === names.failed || isAnyWaitingOf(senders, names.own);
  return isLimited ? ownLeft : Number.POSITIVE_INFINITY;
}

function spentByAll(senders: Senders, nowMs: number): Tokens {
  return Object.values(senders).reduce((sum, sender) => plus(sum, spentBy(sender, nowMs)), noTokens);
}

/** @returns whether something of this deployment waits for tokens */
export function isWaiting(senders: Senders, nowMs: number): boolean {
  return isAnyWaiting(Object.values(senders), tokenKinds, nowMs);
}

function isAnyWaiting(senders: readonly SenderState[], kinds: readonly TokenKind[], nowMs: number): boolean {
  return senders.some((sender) => {
    const waitingMs = waitingKindsOf(sender);
    return kinds.some((kind) => nowMs - waitingMs[kind] <= waitingForMs);
  });
}

function leftOf(quota: number, share: number, spent: number): number {
  // Of a quota of one, half is one: it would never be spent otherwise.
  return Math.max(0, Math.max(1, Math.floor(quota * share)) - spent);
}

/** The most directories that a webhook may have purged in a day since it could not say what changed. */
const prefixesADay = 2;
const dayMs = 24 * 60 * 60 * 1000;

/** @returns how many purges by prefix a sender may still have */
export function prefixesLeft({ prefixes }: SenderState, nowMs: number): number {
  return Math.max(0, prefixesADay - countedPrefixes(prefixes, nowMs));
}

function countedPrefixes({ sinceMs, count }: Tally, nowMs: number): number {
  return nowMs - sinceMs < dayMs ? count : 0;
}

/** Takes note of purges by prefix; a count below 0 takes some back that were not sent. */
export function notePrefixes(senders: Senders, name: string, count: number, nowMs: number): Senders {
  const sender = upTo(senderIn(senders, name), nowMs);
  const isOver = nowMs - sender.prefixes.sinceMs >= dayMs;
  const prefixes = isOver
    ? { sinceMs: nowMs, count: Math.max(0, count) }
    : { ...sender.prefixes, count: Math.max(0, sender.prefixes.count + count) };
  return { ...senders, [name]: { ...sender, prefixes } };
}
