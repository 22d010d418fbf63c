import type { Credentials } from './authentication.ts';
import type { ExhaustedAnswer } from './limits/quota-answers.ts';
import { defaultQuota, type Tokens } from './limits/quotas.ts';
import type { BucketLimit } from './limits/rate-bucket.ts';
import type { RateLimit } from './limits/rate-window.ts';
import type { AcceptedPrefetch } from './purges/prefetches.ts';
import type { DeployedHosts, PurgeRequest, Target } from './purges/purge-request.ts';
import type { AcceptedPurge } from './purges/purges.ts';
import type { Endpoint } from './routes.ts';

/** Options of a simulator. Where the vendor's documents do not say how CDN Pro behaves, there is an option. */
export interface CdnProOptions {
  /** The credentials of the one user of this simulator. */
  readonly credentials: Credentials;
  readonly deployedHosts: DeployedHosts;
  /**
   * The gateway's limit for one user.
   * @default the vendor's, 300 requests in 300 seconds
   */
  readonly limit?: RateLimit;
  /**
   * The limit of the customer's requests.
   * @default the vendor's, 30 a minute and 60 at once
   */
  readonly bucket?: BucketLimit;
  /**
   * What a request to an endpoint takes from the bucket.
   * @default 1 for each
   */
  readonly costs?: Readonly<Partial<Record<Endpoint, number>>>;
  /**
   * Whether a 429 has a Retry-After header, in addition to `x-rate-limit-retry-after-seconds`.
   * @default false
   */
  readonly retryAfter?: boolean;
  /**
   * Whether a second request with the same signature and time is refused.
   * @default false
   */
  readonly refuseReplays?: boolean;
  /**
   * What the customer's contract says of tokens.
   * @default the vendor's for customers without one: 5,000 files and 20 directories in each environment
   */
  readonly quotas?: Readonly<Partial<Record<Target, Tokens>>>;
  /**
   * The share of a quota by which it can be exceeded for a day.
   * @default 0.1
   */
  readonly overdraft?: number;
  /**
   * How long a day is, in milliseconds.
   * @default 24 hours
   */
  readonly dayMs?: number;
  /**
   * What a token pays for.
   * @default `url`
   */
  readonly tokenUnit?: 'url' | 'request';
  /**
   * How a request is answered for which there are no tokens.
   * @default `forbidden`
   */
  readonly exhausted?: ExhaustedAnswer;
  /**
   * Whether GET /cdn/serviceQuotas is there: it may need another host than the gateway.
   * @default true
   */
  readonly hasServiceQuotas?: boolean;
  /**
   * How many file URLs a purge request may have.
   * @default 1000
   */
  readonly maxFileUrls?: number;
  /**
   * The largest body, which the vendor does not publish.
   * @default 10 MiB
   */
  readonly maxBodyBytes?: number;
  /**
   * How long a purge takes until it is `finished`, in milliseconds; called for each.
   * @default 174 to 363 seconds, as in the vendor's examples
   */
  readonly processingMs?: (purge: PurgeRequest) => number;
  /**
   * The success rate of a purge that has finished, 0 to 100; called for each.
   * @default 100
   */
  readonly successRate?: (purge: PurgeRequest) => number;
  /**
   * How long a purge is missing in the list after its request, in milliseconds.
   * @default 3000
   */
  readonly unseenMs?: number;
  /**
   * The clock.
   * @default `Date.now`
   */
  readonly nowMs?: () => number;
  /**
   * The port on 127.0.0.1.
   * @default any free one
   */
  readonly port?: number;
  /** Called with each purge that is accepted, before the client gets the answer. */
  readonly onAccepted?: (purge: AcceptedPurge) => void;
  /** Called with each prefetch that is accepted, before the client gets the answer. */
  readonly onPrefetch?: (prefetch: AcceptedPrefetch) => void;
}

/** Options with all defaults. */
export type CompleteOptions = Required<Omit<CdnProOptions, 'port' | 'quotas'>> & {
  readonly quotas: Readonly<Record<Target, Tokens>>;
  /** Whether the customer has a contract of its own. */
  readonly hasContract: boolean;
};

/** The customer's bucket of requests where the contract says nothing else. */
export const defaultBucket: BucketLimit = { perMinute: 30, burst: 60 };

/** @returns the options, with the defaults for what is missing */
export function withDefaults({ quotas, port: _, ...options }: CdnProOptions): CompleteOptions {
  return {
    limit: { requests: 300, perSeconds: 300 },
    bucket: defaultBucket,
    costs: {},
    retryAfter: false,
    refuseReplays: false,
    overdraft: 0.1,
    dayMs: 24 * 3_600_000,
    tokenUnit: 'url',
    exhausted: 'forbidden',
    hasServiceQuotas: true,
    maxFileUrls: 1000,
    maxBodyBytes: 10 * 1024 * 1024,
    processingMs: () => 174_000 + Math.random() * 189_000,
    successRate: () => 100,
    unseenMs: 3000,
    nowMs: Date.now,
    onAccepted: () => {},
    onPrefetch: () => {},
    ...options,
    quotas: { production: defaultQuota, staging: defaultQuota, ...quotas },
    hasContract: quotas !== undefined,
  };
}

/** The quotas of a customer with a large contract. */
export const largeQuotas = {
  production: { files: 10_000_000, dirs: 1_000_000 },
  staging: { files: 10_000_000, dirs: 1_000_000 },
};
