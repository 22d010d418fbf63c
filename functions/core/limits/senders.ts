import { noTallies, type SenderTallies, type Tally } from './lane.ts';
import { noTokens, plus, type Tokens } from './quota.ts';

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
}

const unknownSender: SenderState = {
  ...noTallies,
  halfDay: 0,
  recent: noTokens,
  before: noTokens,
  prefixes: { sinceMs: 0, count: 0 },
  waitingMs: 0,
};

/** The most that one sender takes of a day's tokens while others wait (the design, "shares"). */
export const senderShare = 0.5;

const halfDayMs = 12 * 60 * 60 * 1000;
/** Who waits says so each minute; after this, nothing of theirs waits any more. */
const waitingForMs = 150_000;

/** @returns what is kept of a sender */
export function senderIn(senders: Readonly<Record<string, SenderState>>, name: string): SenderState {
  return Object.hasOwn(senders, name) ? (senders[name] ?? unknownSender) : unknownSender;
}

/** @returns tokens that a sender has spent in the last 12 to 24 hours */
export function spentBy(sender: SenderState, nowMs: number): Tokens {
  const { recent, before } = upTo(sender, nowMs);
  return plus(recent, before);
}

/** A sender whose half day is the present one. */
function upTo(sender: SenderState, nowMs: number): SenderState {
  const halfDay = Math.floor(nowMs / halfDayMs);
  if (sender.halfDay >= halfDay) return sender;
  const before = sender.halfDay === halfDay - 1 ? sender.recent : noTokens;
  return { ...sender, halfDay, recent: noTokens, before };
}

/** Takes note of tokens that senders have spent, and forgets senders of which nothing is left to know. */
export function noteSpent(
  senders: Readonly<Record<string, SenderState>>,
  spent: Readonly<Record<string, Tokens>>,
  nowMs: number,
): Readonly<Record<string, SenderState>> {
  const oldest = Math.floor(nowMs / halfDayMs) - 1;
  const noted = new Map(Object.entries(senders).filter(([, { halfDay }]) => halfDay >= oldest));
  for (const [name, tokens] of Object.entries(spent)) {
    const sender = upTo(senderIn(senders, name), nowMs);
    noted.set(name, { ...sender, recent: plus(sender.recent, tokens) });
  }
  return Object.fromEntries(noted);
}

/** Takes note that something of these senders waits for tokens. */
export function noteWaiting(
  senders: Readonly<Record<string, SenderState>>,
  names: readonly string[],
  nowMs: number,
): Readonly<Record<string, SenderState>> {
  const noted = names.map(
    (name) => [name, { ...upTo(senderIn(senders, name), nowMs), waitingMs: nowMs }] as const,
  );
  return { ...senders, ...Object.fromEntries(noted) };
}

/**
 * @returns how many tokens a sender may still take: all while nobody else waits, otherwise up to half of the quota
 */
export function shareLeft(
  senders: Readonly<Record<string, SenderState>>,
  name: string,
  quota: Tokens,
  nowMs: number,
): Tokens {
  const isAlone = Object.entries(senders).every(
    ([other, { waitingMs }]) => other === name || nowMs - waitingMs > waitingForMs,
  );
  if (isAlone) return { files: Number.POSITIVE_INFINITY, dirs: Number.POSITIVE_INFINITY };
  const spent = spentBy(senderIn(senders, name), nowMs);
  return {
    files: Math.max(0, Math.floor(quota.files * senderShare) - spent.files),
    dirs: Math.max(0, Math.floor(quota.dirs * senderShare) - spent.dirs),
  };
}

/** The most directories that a webhook may have purged in a day since it could not say what changed. */
const prefixesADay = 2;
const dayMs = 24 * 60 * 60 * 1000;

/** @returns how many purges by prefix a sender may still have */
export function prefixesLeft({ prefixes }: SenderState, nowMs: number): number {
  return Math.max(0, prefixesADay - (nowMs - prefixes.sinceMs < dayMs ? prefixes.count : 0));
}

/** Takes note of purges by prefix. */
export function notePrefixes(
  senders: Readonly<Record<string, SenderState>>,
  name: string,
  count: number,
  nowMs: number,
): Readonly<Record<string, SenderState>> {
  const sender = upTo(senderIn(senders, name), nowMs);
  const isOver = nowMs - sender.prefixes.sinceMs >= dayMs;
  const prefixes = isOver
    ? { sinceMs: nowMs, count }
    : { ...sender.prefixes, count: sender.prefixes.count + count };
  return { ...senders, [name]: { ...sender, prefixes } };
}
