import * as z from 'zod';
import type { Limits } from '../../functions/core/limits/limits.ts';
import type { ObjectFilter } from '../../functions/core/model/objects/object-filter.ts';
import { recordOf } from '../../functions/core/model/record.ts';
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
  /** How many of them there was no room for; missing where there was for all. */
  readonly webhooksLeftOut?: number;
  readonly buckets: readonly WatchedBucket[];
  /** The hosts of the rules' URLs, as far as the rules themselves say. */
  readonly hosts: readonly string[];
  /** From where a page is looked at: `dns`, and addresses of edges. Missing in stacks of older versions. */
  readonly vantages?: readonly string[];
  /** The functions' log groups, the receivers' first. Missing in stacks of older versions. */
  readonly logGroups?: readonly string[];
  /** The names of the functions whose code and environment have the rules and webhooks. Missing in stacks of older versions. */
  readonly functions?: { readonly submit: string; readonly receiveWebhook?: string };
  /** The objects whose changes come; missing where there is no room for them, and in stacks of older versions. */
  readonly watched?: readonly ObjectFilter[];
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

const string = z.string();
const strings = z.array(string);
const number = z.number();
const target = z.enum(['production', 'staging']);
const tokens = z.looseObject({ files: number.optional(), dirs: number.optional() });

/** Fields that are not known here are of a newer version, and are left alone. */
const schema = z.looseObject({
  v: z.literal(1),
  name: string,
  target,
  mode: z.literal('observe').optional(),
  credentials: string,
  endpoint: string,
  queues: z.looseObject({
    buffer: string,
    deadLetters: string,
    inbox: string.optional(),
    watched: strings.optional(),
    watchedLeftOut: number.optional(),
  }),
  tables: z.looseObject({ ledger: string, parked: string, journal: string, objects: string.optional() }),
  limits: z.looseObject({
    rate: z.looseObject({ requests: number, perSeconds: number, headroom: number }),
    bucket: z.looseObject({ perMinute: number, burst: number }),
    requestCost: number,
    quota: z.looseObject({ production: tokens.optional(), staging: tokens.optional() }),
    tokenUnit: z.enum(['url', 'request']),
  }),
  planning: z.looseObject({
    maxFileUrls: number,
    maxBodyBytes: number,
    cacheKey: z
      .looseObject({ scheme: z.boolean().optional(), hosts: z.record(string, strings).optional() })
      .optional(),
    coalesce: z.looseObject({ siblings: number, minDepth: number }).optional(),
    convertInShortage: strings,
  }),
  switches: z.looseObject({ submit: string, tick: string }),
  webhookUrl: string.optional(),
  webhooks: z.array(z.looseObject({ name: string, secrets: strings })),
  webhooksLeftOut: number.optional(),
  buckets: z.array(z.looseObject({ name: string, via: z.enum(['eventbridge', 'notification']) })),
  hosts: strings,
  vantages: strings.optional(),
  logGroups: strings.optional(),
  functions: z.looseObject({ submit: string, receiveWebhook: string.optional() }).optional(),
  watched: z
    .array(z.looseObject({ bucket: string.optional(), prefix: string.optional(), suffix: string.optional() }))
    .optional(),
  leftOut: number,
} satisfies Readonly<Record<keyof PurgerDescription, z.ZodType>>);

/** A description; or what is wrong with what should be one, for a sentence. */
export type ReadDescription = PurgerDescription | { readonly problem: string };

/** @returns what a stack of this project has written, or what is wrong with it */
export function readDescription(value: unknown): ReadDescription {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as unknown as PurgerDescription;
  const { v } = recordOf(value) ?? {};
  if (typeof v === 'number' && v !== 1) {
    return { problem: `a newer cdn-purger wrote it, in version ${v}, and this one reads version 1` };
  }
  if (v !== 1) return { problem: 'it is not of cdn-purger' };
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${z.core.toDotPath(path)}: ${message.replace(/^Invalid \w+: /, '')}`,
  );
  return { problem: `version 1 wrote it, but ${issues.join('; ')}` };
}
