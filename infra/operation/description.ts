import * as z from 'zod';
import type { Limits } from '../../functions/core/limits/limits.ts';
import type { Target } from '../../functions/core/model/types.ts';
import type { Planning } from '../../functions/core/planning/plan.ts';

/** What the command line has to know of a deployed purger: where everything is. It holds no secret. */
export interface PurgerDescription {
  readonly v: 1;
  /** What the names of its alarms begin with. */
  readonly name: string;
  readonly target: Target;
  /** Missing where it purges. */
  readonly mode?: 'observe';
  /** Name or ARN of the secret with CDN Pro's credentials. */
  readonly credentials: string;
  /** Scheme and host of CDN Pro's API. */
  readonly endpoint: string;
  /** URLs of queues. */
  readonly queues: {
    readonly buffer: string;
    readonly deadLetters: string;
    /** Before `receive-s3`; missing where nothing uses it. */
    readonly inbox?: string;
    /** Those that somebody else fills and `receive-s3` empties; missing where there is none. */
    readonly watched?: readonly string[];
    /** How many of them there was no room for. */
    readonly watchedLeftOut?: number;
  };
  readonly tables: {
    /** Name, or ARN where it is another account's or region's. */
    readonly ledger: string;
    readonly parked: string;
    readonly journal: string;
    /** With what was purged last of objects; missing in stacks of older versions. */
    readonly objects?: string;
  };
  readonly limits: Limits;
  readonly planning: Planning;
  /** What a pause switches off. */
  readonly switches: {
    /** The UUID of the event source mapping between the purge queue and `submit`. */
    readonly submit: string;
    /** The name of the rule on whose schedule `tick` runs. */
    readonly tick: string;
  };
  readonly webhookUrl?: string;
  readonly webhooks: readonly { readonly name: string; readonly secrets: readonly string[] }[];
  readonly buckets: readonly WatchedBucket[];
  /** The hosts of the rules' URLs, as far as the rules themselves say. */
  readonly hosts: readonly string[];
  /** From where a page is looked at: `dns`, and addresses of edges. Missing in stacks of older versions. */
  readonly vantages?: readonly string[];
  /** The functions' log groups, the receivers' first. Missing in stacks of older versions. */
  readonly logGroups?: readonly string[];
  /** How many buckets and hosts there was no room for. */
  readonly leftOut: number;
}

/** A bucket of this account whose events should come. */
export interface WatchedBucket {
  readonly name: string;
  readonly via: 'eventbridge' | 'notification';
}

/** What the names of all parameters begin with. */
export const parameterRoot = '/cdn-pro-purger';

const schema = z.looseObject({
  v: z.literal(1),
  name: z.string(),
  target: z.enum(['production', 'staging']),
  queues: z.looseObject({ buffer: z.string(), deadLetters: z.string() }),
  tables: z.looseObject({ ledger: z.string(), parked: z.string(), journal: z.string() }),
});

/**
 * Reads what a stack of this project has written.
 * @returns undefined where the value is of another version, or of something else
 */
export function readDescription(value: unknown): PurgerDescription | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? (parsed.data as unknown as PurgerDescription) : undefined;
}
