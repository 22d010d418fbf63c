import type { RateLimit } from '../../limits/requests/window.ts';
import type { Tokens } from '../../limits/tokens/quota.ts';
import { entryKey, headersKey, scopeKey } from '../../model/entry-key.ts';
import type { Target } from '../../model/types.ts';
import type { PlannedEntry, PlannedRequest } from '../planned-request.ts';
import { ExpiringMap } from './expiring-map.ts';
import { hostOf } from './failure.ts';

const minuteMs = 60_000;
/** For how long what was refused is kept apart from innocents. */
const suspicionMs = 20 * minuteMs;
/** For how long the time of a failure or an acceptance is of use: longer than any wait in between. */
const evidenceMs = 60 * minuteMs;
/** For how long what `purgeTokens` says is taken for what is left. */
const readingMs = minuteMs;
/** How long a scope waits the first time that it is refused whatever it asks for. */
const firstClosureMs = 15_000;
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
}

interface ScopeRecord {
  readonly acceptedMs: number;
  /** Entries that have failed alone since the last acceptance, the first few of them. */
  readonly failedAlone: readonly string[];
  /** How often it was closed since then. */
  readonly closures: number;
  readonly closure: Closure;
}

/** That nothing of a scope is sent for a while. */
export interface Closure {
  readonly untilMs: number;
  /** How long it is in all, in milliseconds. */
  readonly lengthMs: number;
}

const unknownScope: ScopeRecord = {
  acceptedMs: Number.NEGATIVE_INFINITY,
  failedAlone: [],
  closures: 0,
  closure: { untilMs: 0, lengthMs: 0 },
};

/** More entries than this are not needed to judge a scope by. */
const mostFailedAlone = 10;

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
  readonly #isolationRequests: number;
  readonly #scopes = new ExpiringMap<string, ScopeRecord>(evidenceMs, 1000);
  readonly #hosts = new ExpiringMap<string, true>(suspicionMs, 1000);
  /** Entries to be kept apart from others, with the name of those that they stay together with. */
  readonly #groups = new ExpiringMap<string, string>(suspicionMs);
  readonly #failedAlone = new ExpiringMap<string, AloneRecord>(evidenceMs);
  readonly #readings = new ExpiringMap<Target, TokensReading>(readingMs);
  readonly #doubtful = new Set<string>();
  #acceptedMs = Number.NEGATIVE_INFINITY;
  #isolatedMs: readonly number[] = [];
  #groupsMade = 0;

  constructor({ isolationRequests }: EvidenceOptions) {
    this.#isolationRequests = isolationRequests;
  }

  noteAccepted(key: string, nowMs: number): void {
    this.#acceptedMs = nowMs;
    this.#doubtful.delete(key);
    this.#scopes.set(key, { ...unknownScope, acceptedMs: nowMs }, nowMs);
  }

  /** Takes note that a request with one entry has failed. */
  noteFailedAlone(scopeKey: string, { entry }: PlannedEntry, nowMs: number): void {
    const key = entryKey(entry);
    const times = (this.#failedAlone.get(key, nowMs)?.times ?? 0) + 1;
    this.#failedAlone.set(key, { failedMs: nowMs, times }, nowMs);
    const scope = this.#scope(scopeKey, nowMs);
    const failedAlone = [...new Set([...scope.failedAlone, key])].slice(0, mostFailedAlone);
    this.#scopes.set(scopeKey, { ...scope, failedAlone }, nowMs);
  }

  /** @returns whether CDN Pro has accepted something of this scope after a time */
  acceptedSince(key: string, sinceMs: number, nowMs: number): boolean {
    return this.#scope(key, nowMs).acceptedMs > sinceMs;
  }

  /** @returns whether CDN Pro has accepted anything after a time */
  anythingAcceptedSince(sinceMs: number): boolean {
    return this.#acceptedMs > sinceMs;
  }

  /** @returns how many entries of a scope have failed alone since something of it was accepted, up to ten */
  failedAloneOf(key: string, nowMs: number): number {
    return this.#scope(key, nowMs).failedAlone.length;
  }

  /** Closes a scope of which nothing is accepted, longer each time. */
  close(key: string, longestMs: number, nowMs: number): void {
    const scope = this.#scope(key, nowMs);
    this.#doubtful.add(key);
    const lengthMs = Math.min(longestMs, firstClosureMs * 2 ** scope.closures);
    const closure = { untilMs: nowMs + lengthMs, lengthMs };
    this.#scopes.set(key, { ...scope, closures: scope.closures + 1, closure }, nowMs);
  }

  /** @returns how often a scope was closed since something of it was accepted */
  closuresOf(key: string, nowMs: number): number {
    return this.#scope(key, nowMs).closures;
  }

  /** @returns the last closure of a scope, which may be over */
  closureOf(key: string, nowMs: number): Closure {
    return this.#scope(key, nowMs).closure;
  }

  /** @returns whether a scope was closed, and nothing of it accepted since */
  isDoubtful(key: string): boolean {
    return this.#doubtful.has(key);
  }

  /** Whether there is any such scope. */
  get hasDoubts(): boolean {
    return this.#doubtful.size > 0;
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

  #scope(key: string, nowMs: number): ScopeRecord {
    return this.#scopes.get(key, nowMs) ?? unknownScope;
  }
}
