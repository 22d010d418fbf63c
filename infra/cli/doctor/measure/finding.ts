import type { Tokens } from '../../../../functions/core/limits/tokens/quota.ts';
import type { Bench, Cost } from './bench.ts';

/** What CDN Pro has answered to a request for which there were no tokens. */
export interface ExhaustedAnswer {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
}

/** What was found out, for settings and for the simulator. What could not be told is missing. */
export interface Facts {
  readonly quota?: Tokens;
  readonly maxFileUrls?: number;
  readonly tokenUnit?: 'url' | 'request';
  /** What requests take out of the customer's bucket. */
  readonly weights?: { readonly get: number; readonly post: number };
  /** The customer's bucket of requests: at least so many come back in a minute, and at least so many are in it. */
  readonly bucket?: { readonly perMinute: number; readonly burst: number };
  readonly refusesReplays?: boolean;
  /** The largest body that was accepted. */
  readonly acceptedBytes?: number;
  /** The smallest one that was refused, where one was. */
  readonly refusedBytes?: number;
  readonly durationsMs?: readonly number[];
  readonly cacheKey?: {
    readonly scheme?: boolean;
    /** Hosts that share the cache of the first. */
    readonly sharing?: readonly string[];
  };
  readonly exhausted?: ExhaustedAnswer;
  /** The share of the quota that was accepted once nothing was left. */
  readonly overdraft?: number;
}

/** What an experiment has found. */
export interface Finding {
  readonly name: string;
  readonly certainty: 'measured' | 'could not tell';
  /** The value; else why it could not be told. */
  readonly value: string;
  /** What was seen. */
  readonly evidence: string;
}

/** The same, as the experiment itself says it. */
export interface Result extends Omit<Finding, 'name'> {
  readonly facts: Facts;
}

/** Something that can be found out with a bounded number of requests. */
export interface Experiment {
  /** What it finds out. */
  readonly name: string;
  readonly cost: Cost;
  /**
   * @param known what those before it have found
   * @throws MeasureError where it cannot go on
   */
  readonly run: (bench: Bench, known: Facts) => Promise<Result>;
}

/** @returns a result that was measured */
export function measured(value: string, evidence: string, facts: Facts): Result {
  return { certainty: 'measured', value, evidence, facts };
}

/** @returns a result that nothing can be told */
export function cannotTell(why: string, evidence = ''): Result {
  return { certainty: 'could not tell', value: why, evidence, facts: {} };
}
