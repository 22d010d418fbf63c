/** What the app of the test reads, as JSON in the context `test`. */
export interface TestStackSettings {
  readonly stackName: string;
  /** Undefined: the stand-in is deployed, and lets in the access key `test` with this secret key. */
  readonly endpoint?: string;
  readonly standInKey?: string;
  readonly target: 'staging' | 'production';
  readonly host: string;
  /** Names of secrets that exist: CDN Pro's credentials, and the webhook's. */
  readonly credentials: string;
  readonly webhookSecret: string;
  /** @default - the configuration that most have */
  readonly variant?: Variant;
}

/** What a run can be about in addition: a key of the customer, or more rules than a policy has statements. */
export const variants = ['key', 'prefixes'] as const;

/** See {@link variants}. */
export type Variant = (typeof variants)[number];

/** The prefixes that are watched by EventBridge in addition to {@link watchedPrefixes}. */
export function morePrefixes(variant: Variant | undefined): readonly string[] {
  return variant === 'prefixes' ? Array.from({ length: 24 }, (_, index) => `more-${index}/`) : [];
}

/** The prefixes of the keys that the test uploads: one by EventBridge, one by the queue that the bucket notifies. */
export const watchedPrefixes = { eventbridge: 'site/', notification: 'notified/' } as const;
