import type { EntryChange } from '../core/model/types.ts';

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
export type VerificationResult =
  | { readonly verified: true }
  | {
      readonly verified: false;
      readonly reason: string;
      /** A ping that the sender does not sign and wants a 2xx for before it sends anything. It purges nothing. */
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

/** What can be set for a webhook; each source names those that it knows. */
export interface SourceOptions {
  /** The environments (to Sanity: datasets) that visitors see, by name; `*` is any. Default: the source's main one. */
  readonly environments?: readonly string[];
  /** Whether drafts and previews count, too. Default: false. */
  readonly drafts?: boolean;
  /** GitHub: the branches that are deployed, by name. Default: the repository's default branch. */
  readonly branches?: readonly string[];
  /** GitHub: which files are content, as patterns such as `content/{+slug}.md`. Default: all. */
  readonly files?: readonly string[];
  /** Whether an event that does not say which entries changed purges all that the rules can name. Default: true. */
  readonly sweep?: boolean;
  /** The header that carries the shared secret, by lower-case name. */
  readonly header?: string;
  /** Generic: how a request is verified. */
  readonly verification?: Verification;
  /** Generic: where in the payload what is. */
  readonly payload?: PayloadMap;
}

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
  /** The status for a webhook that was queued, where the sender takes only this one for a success. Default: 202. */
  readonly queuedStatus?: number;
  /** @param secrets any of them may verify the request, so that a secret can be rotated without a gap */
  verify(
    request: WebhookRequest,
    secrets: readonly string[],
    nowMs: number,
    options: SourceOptions,
  ): VerificationResult;
  /** Is called only with a request that {@link WebhookSource.verify} let pass. */
  read(request: WebhookRequest, context: ReadContext): Reading;
}

/** The reading of a genuine request that purges nothing. */
export function ignored(reason: string): Reading {
  return { kind: 'ignored', reason };
}

/** A signature by HMAC over the body, and what else a template names. Header names are in lower case. */
export interface HmacVerification {
  readonly kind: 'hmac';
  /** The header that holds the signature. */
  readonly header: string;
  /** Default: `sha256`. */
  readonly hash?: Hash;
  /** How the signature is written. Default: `hex`. */
  readonly encoding?: 'hex' | 'base64' | 'base64url';
  /** What stands before the signature: `sha256=`, `v1,`. */
  readonly prefix?: string;
  /** The header is a list such as `t=1,v1=abc`, and this is the name of the signature in it. */
  readonly parameter?: string;
  /** What stands between the parameters, or between several signatures. Default: `,` where there are parameters. */
  readonly separator?: string;
  /** How a secret becomes a key. Default: `text`, its UTF-8. */
  readonly key?: 'text' | 'base64' | 'hex';
  /** What stands before the key in a secret, and is no part of it: `whsec_`. It may be missing. */
  readonly keyPrefix?: string;
  /** What is signed, of `{body}`, `{timestamp}`, `{id}`, `{method}`, `{path}`. Default: `{body}`. */
  readonly template?: string;
  /** The header that holds `{id}`. */
  readonly id?: string;
  /** Where `{timestamp}` is: in a header of its own, or a parameter of the signature's. */
  readonly timestamp?: TimestampLocation;
}

interface TimestampLocation {
  readonly header?: string;
  readonly parameter?: string;
  /** Default: `seconds`. */
  readonly unit?: 'seconds' | 'milliseconds';
  /** How far off, in the past or the future, it may be. Default: 300. */
  readonly toleranceSeconds?: number;
}

/** A secret that the request itself carries. */
export interface SecretVerification {
  readonly kind: 'secret';
  /** `basic`: the secret is the password, or `user:password`. `body`: at a path of keys such as `auth.secret`. */
  readonly in: 'header' | 'basic' | 'query' | 'body';
  /** The header (in lower case), the query parameter, or the path of keys. Default: `authorization`. */
  readonly name?: string;
}

/** How a request is verified. */
export type Verification = HmacVerification | SecretVerification;

/** The hash of an HMAC. */
export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Where something is: a path of keys such as `data.slug` (`items.0.id` for lists), a header or a query parameter. */
export type PayloadLocation = string | { readonly header: string } | { readonly query: string };

/** Where in a request what is. A path is looked up in the entry first, and then in the whole body. */
export interface PayloadMap {
  /** The path of the list of entries, where one request has several. Default: the body is the entry. */
  readonly entries?: string;
  /** Default: `id`. Without an id nothing is remembered of an entry. */
  readonly id?: PayloadLocation;
  readonly type?: PayloadLocation;
  readonly slug?: PayloadLocation;
  readonly locale?: PayloadLocation;
  readonly url?: PayloadLocation;
  readonly environment?: PayloadLocation;
  /** When it happened, in ISO 8601. Default: when the request came. */
  readonly occurredAt?: PayloadLocation;
  /** The path of the object whose values are fields. Default: the entry. */
  readonly fields?: string;
  /** The path of the object that holds the fields as they were before. */
  readonly previous?: string;
  /** What happened. Default: every request is a put. */
  readonly action?: PayloadLocation;
  /** The values of `action` that are deletes: unpublish, archive, delete. */
  readonly deletes?: readonly string[];
  /** The values of `action` that are puts. Default: all that are neither deletes nor ignored. */
  readonly puts?: readonly string[];
  /** The values of `action` that purge nothing: test pings, drafts. */
  readonly ignores?: readonly string[];
}
