import type { EntryChange } from '../core/types.ts';

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

/** Whether a request comes from who holds a secret. The reason never holds a secret or a signature. */
export type Verdict = { readonly verified: true } | { readonly verified: false; readonly reason: string };

/** A body that is not what the source sends. The message names the field, what was expected and what came. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly message: string;
}

/** What a verified request says. */
export type Reading =
  | { readonly kind: 'changes'; readonly changes: readonly EntryChange[] }
  /** Genuine, and nothing to purge: a test ping, a draft, a topic of no interest. The sender gets a 2xx. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | Malformed;

/** What a reading needs beside the request. */
export interface ReadContext {
  /** The webhook's own name, see {@link EntryChange.webhook}. */
  readonly webhook: string;
  readonly nowMs: number;
}

/** One kind of sender of webhooks. Neither function throws, whatever the request holds. */
export interface WebhookSource {
  readonly name: string;
  /** @param secrets any of them may verify the request, so that a secret can be rotated without a gap */
  verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): Verdict;
  /** Is called only with a request that {@link WebhookSource.verify} let pass. */
  read(request: WebhookRequest, context: ReadContext): Reading;
}
