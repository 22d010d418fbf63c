import type { EntryChange } from '../core/model/types.ts';
import type { SourceOptions } from './webhook-options.ts';

/** One HTTP request as its sender made it. */
export interface WebhookRequest {
  readonly method: string;
  /** The raw path as the sender requested it, with the query string if there is one. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes that came, before any parsing: signatures are over them. */
  readonly body: Uint8Array;
}

/** One delivery of a sender, as it is known by what is signed. */
export interface SignedDelivery {
  /** A hash that other deliveries do not have. */
  readonly key: string;
  /** Until then the same request would be verified again, in milliseconds. */
  readonly untilMs: number;
}

/** Whether a request comes from a holder of a secret. The reason never holds a secret or a signature. */
export type VerificationResult =
  | {
      readonly verified: true;
      /** Of a sender that signs the time of a delivery. */
      readonly delivery?: SignedDelivery;
    }
  | {
      readonly verified: false;
      readonly reason: string;
      /** A ping that the sender does not sign, and that has to get a 2xx before it sends anything. It purges nothing. */
      readonly isPing?: true;
      /** The body is larger than one that is parsed before it is verified may be. */
      readonly isTooLarge?: true;
    };

/** A body that is not what the source sends. The message names the field, what was expected and what came. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly message: string;
  /** It holds more than a delivery may, see `deliveryLimits`. */
  readonly isTooLarge?: true;
}

/** What a verified request says. */
export type Reading =
  | {
      readonly kind: 'changes';
      readonly changes: readonly EntryChange[];
      /** Whether a put names all locales that its entry has, so that every other one is gone. */
      readonly isComplete?: true;
      /** What of the delivery was not understood, so that the changes are a guess: it is logged and counted. */
      readonly notUnderstood?: string;
    }
  /** Genuine, and nothing to purge: a test ping, a draft, a topic of no interest. The sender gets a 2xx. */
  | { readonly kind: 'ignored'; readonly reason: string; readonly isNotUnderstood?: true }
  | Malformed;

/** What a reading needs in addition to the request. */
export interface ReadContext {
  /** The webhook's own name, see `EntryChange.webhook`. */
  readonly webhook: string;
  readonly nowMs: number;
  readonly options: SourceOptions;
}

/** Which customer a delivery is of, where the vendor signs for all of its customers with one key. */
export interface CustomerPin<Option extends keyof SourceOptions> {
  /** The option of a webhook that names the customer, or several: a webhook cannot do without it. */
  readonly option: Option;
  /** @returns the customer, read from what is signed */
  customerOf(body: Readonly<Record<string, unknown>>): string | undefined;
}

/** One kind of sender of webhooks. No function throws, whatever the request holds. */
export interface WebhookSource<
  Name extends string = string,
  Options extends readonly (keyof SourceOptions)[] = readonly (keyof SourceOptions)[],
  Pin extends keyof SourceOptions = keyof SourceOptions,
> {
  readonly name: Name;
  /** The options that it knows. */
  readonly options: Options;
  /** Its sender can be set to PUT instead of POST. */
  readonly canPut?: true;
  /** Ids are unique only among the entries of one type. */
  readonly hasIdsPerType?: true;
  /** Its environments may hold copies of an entry, with the same id: the one that visitors see. */
  readonly mainEnvironment?: string;
  /** Its branches may hold copies of an entry, with the same id: the one that each of its customers has. */
  readonly mainBranch?: string;
  /** Of a source whose vendor signs for all of its customers with one key. */
  readonly pin?: CustomerPin<Pin>;
  /**
   * The status for a webhook that was queued, where the sender takes only this one for a success.
   * @default 202
   */
  readonly queuedStatus?: number;
  /** @param secrets any of them may verify the request, so that a secret can be rotated without a gap */
  verify(
    request: WebhookRequest,
    secrets: readonly string[],
    nowMs: number,
    options: SourceOptions,
  ): VerificationResult;
  /** Is called only with a request that {@link WebhookSource.verify} accepted. */
  read(request: WebhookRequest, context: ReadContext): Reading;
}

/** The reading of a genuine request that purges nothing. */
export function ignored(reason: string): Reading {
  return { kind: 'ignored', reason };
}
