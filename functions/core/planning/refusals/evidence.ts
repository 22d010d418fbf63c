import type { RateLimit } from '../../limits/requests/window.ts';
import type { Tokens } from '../../limits/tokens/quota.ts';
import { entryKey, headersKey, scopeKey } from '../../model/entry-key.ts';
import type { Target } from '../../model/types.ts';
import type { PlannedEntry, PlannedRequest } from '../planned-request.ts';
import { ExpiringMap } from './expiring-map.ts';
import { hostOf } from './failure.ts';
import { Scopes, type Turn } from './scopes.ts';

const minuteMs = 60_000;
/** For how long what was refused is kept apart from innocents. */
const suspicionMs = 20 * minuteMs;
/** For how long an entry that has failed alone takes its turn by when that was. */
const turnsMs = 24 * 60 * minuteMs;
/** For how long what `purgeTokens` says is taken for what is left. */
const readingMs = minuteMs;
/** The time in which {@link EvidenceOptions.isolationRequests} may fail. */
const isolationMs = 5 * minuteMs;

/** Options of {@link Evidence}. */
export interface EvidenceOptions {
  /** How many requests that take a failed one apart may fail in five minutes. */
  readonly isolationRequests: number;
}

/** The share of the window that may be spent on isolation, and how many execution environments share it. */
const isolationShare = 0.1;
const environments = 2;
const fewestIsolationRequests = 10;

/** @returns {@link EvidenceOptions.isolationRequests} for a rate limit: a tenth of what it allows, and at least a few */
export function isolationRequests({
  requests,
  perSeconds,
}: Pick<RateLimit, 'requests' | 'perSeconds'>): number {
  const inFiveMinutes = (requests * isolationMs) / 1000 / perSeconds;
  return Math.max(fewestIsolationRequests, Math.floor((inFiveMinutes * isolationShare) / environments));
}

/** That `purgeTokens` was asked. */
export interface TokensReading {
  /** What is left; missing where it could not be read. */
  readonly tokens?: Tokens;
  /** Whether CDN Pro has answered all the same, that the user may not ask for it. */
  readonly isForbidden?: boolean;
}

/** How an entry has failed alone lately. */
interface AloneRecord {
  readonly failedMs: number;
  readonly times: number;
}

/**
 * @returns the same string for requests that CDN Pro may refuse for the same reason, whatever their URLs: of one target,
 * action, webhook and header set
 */
export function faultKey({ entries }: PlannedRequest): string {
  const [first] = entries;
  if (first === undefined) return '';
  const file = entries.find(({ entry }) => entry.kind === 'file')?.entry;
  return `${scopeKey(first.entry)} ${file?.kind === 'file' ? headersKey(file) : ''}`;
}

/**
 * What CDN Pro's answers have shown lately, in one execution environment: what was accepted and what failed, by scope;
 * hosts and entries to be kept apart from others; what is left of the day's tokens.
 */
export class Evidence {
  readonly scopes = new Scopes();
  readonly #isolationRequests: number;
  readonly #hosts = new ExpiringMap<string, true>(suspicionMs, 1000);
  /** Entries to be kept apart from others, with the name of those that they stay together with. */
  readonly #groups = new ExpiringMap<string, string>(suspicionMs);
  readonly #failedAlone = new ExpiringMap<string, AloneRecord>(turnsMs);
  readonly #readings = new ExpiringMap<Target, TokensReading>(readingMs);
  #acceptedMs = Number.NEGATIVE_INFINITY;
  #isolatedMs: readonly number[] = [];
  #groupsMade = 0;

  constructor({ isolationRequests }: EvidenceOptions) {
    this.#isolationRequests = isolationRequests;
  }

  noteAccepted(key: string, nowMs: number): void {
    this.#acceptedMs = nowMs;
    this.scopes.noteAccepted(key, nowMs);
  }

  /** Takes note that a request with one entry has failed, in whose turn it was sent. */
  noteFailedAlone(scopeKey: string, { entry }: PlannedEntry, turn: Turn, nowMs: number): void {
    const key = entryKey(entry);
    const times = (this.#failedAlone.get(key, nowMs)?.times ?? 0) + 1;
    this.#failedAlone.set(key, { failedMs: nowMs, times }, nowMs);
    this.scopes.noteFailedAlone(scopeKey, key, turn, nowMs);
  }

  /** @returns whether CDN Pro has accepted something of this scope after a time */
  acceptedSince(key: string, sinceMs: number, nowMs: number): boolean {
    return this.scopes.acceptedMs(key, nowMs) > sinceMs;
  }

  /** @returns whether CDN Pro has accepted anything after a time */
  anythingAcceptedSince(sinceMs: number): boolean {
    return this.#acceptedMs > sinceMs;
  }

  suspectHost(host: string, nowMs: number): void {
    this.#hosts.set(host, true, nowMs);
  }

  /** Keeps entries apart from all others for a while, and together. */
  suspect(entries: readonly PlannedEntry[], nowMs: number): void {
    const group = `group ${++this.#groupsMade}`;
    for (const { entry } of entries) this.#groups.set(entryKey(entry), group, nowMs);
  }

  /** @returns the same string for entries to be kept apart from others, and together; undefined for innocents */
  suspicionOf({ entry }: PlannedEntry, nowMs: number): string | undefined {
    if (this.#hosts.size + this.#groups.size === 0) return undefined;
    const group = this.#groups.get(entryKey(entry), nowMs);
    if (group !== undefined) return group;
    const host = hostOf(entry);
    return host !== undefined && this.#hosts.get(host, nowMs) ? host : undefined;
  }

  /** @returns when an entry failed alone the last time, and how often in a row */
  failedAlone({ entry }: PlannedEntry, nowMs: number): AloneRecord | undefined {
    return this.#failedAlone.get(entryKey(entry), nowMs);
  }

  /** Forgets what spoke against entries: they were accepted. */
  acquit({ entries }: PlannedRequest): void {
    if (this.#hosts.size + this.#groups.size + this.#failedAlone.size === 0) return;
    for (const { entry } of entries) {
      const key = entryKey(entry);
      this.#failedAlone.delete(key);
      this.#groups.delete(key);
      this.#hosts.delete(hostOf(entry) ?? '');
    }
  }

  noteTokens(target: Target, reading: TokensReading, nowMs: number): void {
    this.#readings.set(target, reading, nowMs);
  }

  /** @returns what `purgeTokens` said in the last minute; undefined where it was not asked */
  tokensOf(target: Target, nowMs: number): TokensReading | undefined {
    return this.#readings.get(target, nowMs);
  }

  noteIsolation(nowMs: number): void {
    this.#isolatedMs = [...this.#recentIsolations(nowMs), nowMs];
  }

  /**
   * @param share of what may be spent
   * @returns when the next request may be spent on taking failed ones apart, in milliseconds: now where it may already
   */
  isolationFromMs(nowMs: number, share = 1): number {
    const recent = this.#recentIsolations(nowMs);
    const freeing = recent[recent.length - Math.ceil(this.#isolationRequests * share)];
    return freeing === undefined ? nowMs : freeing + isolationMs;
  }

  #recentIsolations(nowMs: number): readonly number[] {
    return this.#isolatedMs.filter((timeMs) => timeMs > nowMs - isolationMs);
  }
}
