import { byteLength } from '../../model/purge-message.ts';
import type { RequestLimits } from '../plan.ts';
import { bodyOf, type PlannedRequest } from '../planned-request.ts';

/** How large a request is. */
export interface BodySize {
  readonly files: number;
  readonly bytes: number;
}

/** @returns how large a request is */
export function bodySize(request: PlannedRequest): BodySize {
  const files = request.entries.filter(({ entry }) => entry.kind === 'file').length;
  return { files, bytes: byteLength(JSON.stringify(bodyOf(request))) };
}

/** Limits are never learned to be lower than this: what is refused then is not refused for its size. */
const leastSize: BodySize = { files: 50, bytes: 16 * 1024 };
/** For how long a limit holds after it was learned, and an acceptance speaks against one. */
const lifeMs = 60 * 60_000;

/** Limits of a request that CDN Pro has shown: refused at one size, accepted at a smaller one. */
export type LearnedSize = Readonly<Partial<Pick<RequestLimits, 'maxFileUrls' | 'maxBodyBytes'>>>;

/** What CDN Pro has shown of its limits of one request, in one execution environment. */
export class LearnedLimits {
  readonly #learned = new Map<keyof LearnedSize, { readonly most: number; readonly atMs: number }>();
  #accepted: readonly { readonly size: BodySize; readonly atMs: number }[] = [];

  noteAccepted(size: BodySize, nowMs: number): void {
    // Only what nothing later surpasses can ever be the largest.
    const larger = this.#accepted.filter(
      (known) =>
        known.atMs > nowMs - lifeMs && (known.size.files > size.files || known.size.bytes > size.bytes),
    );
    this.#accepted = [...larger, { size, atMs: nowMs }].slice(-20);
  }

  /**
   * Learns that a request was refused for its size: all parts of it were accepted by themselves.
   * @returns the limits that hold from now on; undefined where nothing was learned
   */
  learn(refused: BodySize, accepted: BodySize, nowMs: number): LearnedSize | undefined {
    const recent = this.#accepted.filter(({ atMs }) => atMs > nowMs - lifeMs).map(({ size }) => size);
    const all = [leastSize, accepted, ...recent];
    const files = Math.max(...all.map((size) => size.files));
    const bytes = Math.max(...all.map((size) => size.bytes));
    const learned: LearnedSize = {
      ...(files < refused.files && { maxFileUrls: files }),
      ...(bytes < refused.bytes && { maxBodyBytes: bytes }),
    };
    const limits = Object.entries(learned) as [keyof LearnedSize, number][];
    if (limits.length === 0) return undefined;
    // What says nothing new of one limit leaves it as it is.
    for (const [name, most] of limits) this.#learned.set(name, { most, atMs: nowMs });
    return learned;
  }

  /** @returns the limits with those that were learned lately, where they are lower */
  applyTo(limits: RequestLimits, nowMs: number): RequestLimits {
    const recent = [...this.#learned].filter(([, { atMs }]) => nowMs - atMs < lifeMs);
    return lowerLimits(limits, Object.fromEntries(recent.map(([name, { most }]) => [name, most])));
  }
}

/** @returns the limits, with what is lower in `learned` */
export function lowerLimits(limits: RequestLimits, learned: LearnedSize): RequestLimits {
  return {
    ...limits,
    maxFileUrls: Math.min(limits.maxFileUrls, learned.maxFileUrls ?? limits.maxFileUrls),
    maxBodyBytes: Math.min(limits.maxBodyBytes, learned.maxBodyBytes ?? limits.maxBodyBytes),
  };
}
