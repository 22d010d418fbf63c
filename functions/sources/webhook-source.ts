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

/** Whether a request comes from a holder of a secret. The reason never holds a secret or a signature. */
export type VerificationResult =
  | { readonly verified: true }
  | {
      readonly verified: false;
      readonly reason: string;
      /** A ping that the sender does not sign, and that has to get a 2xx before it sends anything. It purges nothing. */
      readonly isPing?: true;
    };

/** A body that is not what the source sends. The message names the field, what was expected and what came. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly message: string;
}

/** What a verified request says. */
export type Reading =
  | {
      readonly kind: 'changes';
      readonly changes: readonly EntryChange[];
      /** Whether a put names all locales that its entry has, so that every other one is gone. */
      readonly isComplete?: true;
    }
  /** Genuine, and nothing to purge: a test ping, a draft, a topic of no interest. The sender gets a 2xx. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | Malformed;

/** What a reading needs in addition to the request. */
export interface ReadContext {
  /** The webhook's own name, see `EntryChange.webhook`. */
  readonly webhook: string;
  readonly nowMs: number;
  readonly options: SourceOptions;
}

/** One kind of sender of webhooks. No function throws, whatever the request holds. */
export interface WebhookSource<
  Name extends string = string,
  Options extends readonly (keyof SourceOptions)[] = readonly (keyof SourceOptions)[],
> {
  readonly name: Name;
  /** The options that it knows. */
  readonly options: Options;
  /** Ids are unique only among the entries of one type. */
  readonly hasIdsPerType?: true;
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
