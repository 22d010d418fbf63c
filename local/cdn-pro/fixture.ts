import { z } from 'zod';
import { type CdnProOptions, defaultBucket } from './options.ts';

const count = z.number().int().min(0);
const positive = z.number().int().min(1);

/** What `cdn-purger doctor --measure --fixture FILE` writes, as far as a simulator goes by it. */
const fixture = z.object({
  v: z.literal(1),
  facts: z.object({
    quota: z.object({ files: count, dirs: count }).optional(),
    maxFileUrls: positive.optional(),
    tokenUnit: z.enum(['url', 'request']).optional(),
    weights: z.object({ get: positive, post: positive }).optional(),
    bucket: z.object({ perMinute: positive.optional(), burst: positive.optional() }).optional(),
    refusesReplays: z.boolean().optional(),
    acceptedBytes: positive.optional(),
    refusedBytes: positive.optional(),
    durationsMs: z.array(count).min(1).optional(),
    exhausted: z
      .object({
        status: z.number().int().min(400).max(599),
        code: z.string().optional(),
        message: z.string().optional(),
      })
      .optional(),
    overdraft: z.number().min(0).max(10).optional(),
  }),
});

type Facts = z.infer<typeof fixture>['facts'];

/** What a fixture says of an account: what could not be measured is missing. */
export type FixtureOptions = Pick<
  CdnProOptions,
  | 'quotas'
  | 'maxFileUrls'
  | 'tokenUnit'
  | 'costs'
  | 'bucket'
  | 'refuseReplays'
  | 'maxBodyBytes'
  | 'exhausted'
  | 'overdraft'
> & {
  /** How long purges took, in milliseconds. */
  readonly durationsMs?: readonly number[];
};

/**
 * Reads a fixture.
 * @throws Error that names the first field that is wrong
 */
export function parseFixture(text: string): FixtureOptions {
  const parsed = fixture.safeParse(jsonIn(text));
  if (parsed.success) return optionsOf(parsed.data.facts);
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function optionsOf({
  quota,
  weights,
  bucket,
  refusesReplays,
  acceptedBytes,
  refusedBytes,
  exhausted,
  ...same
}: Facts): FixtureOptions {
  const others = weights && {
    'GET /cdn/purges/purgeTokens': weights.get,
    'GET /cdn/purges': weights.get,
    'GET /cdn/purges/{id}': weights.get,
  };
  const { status, ...body } = exhausted ?? {};
  return definedOf({
    ...same,
    quotas: quota && { staging: quota, production: quota },
    costs: weights && { 'POST /cdn/purges': weights.post, ...others },
    bucket: bucket && { ...defaultBucket, ...bucket },
    refuseReplays: refusesReplays,
    // Where nothing was refused, nobody knows the limit.
    maxBodyBytes: refusedBytes === undefined ? undefined : acceptedBytes,
    exhausted: status === undefined ? undefined : { status, body },
  });
}

function definedOf<Fields extends object>(fields: Fields): FixtureOptions {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
