/** What can be set for a webhook; each source names those that it has. */
export interface SourceOptions {
  /**
   * The environments (to Sanity: datasets) that visitors see, by name; `*` is any.
   * @default the source's main one
   */
  readonly environments?: readonly string[];
  /**
   * Whether drafts and previews count, too.
   * @default false
   */
  readonly drafts?: boolean;
  /**
   * Of Git hosts: the branches that are deployed, by name.
   * @default the repository's default branch; of Bitbucket, which does not name it, `main` and `master`
   */
  readonly branches?: readonly string[];
  /**
   * Of Git hosts: which files are content, as patterns such as `content/{+slug}.md`.
   * @default all
   */
  readonly files?: readonly string[];
  /**
   * Whether an event that does not say which entries changed purges all that the rules can name.
   * @default true
   */
  readonly sweep?: boolean;
  /**
   * The header that carries the shared secret, by lower-case name.
   * @default the source's usual one
   */
  readonly header?: string;
  /**
   * Directus: the values of the field `status` that visitors see.
   * @default published, active, public
   */
  readonly publicStatuses?: readonly string[];
  /**
   * Contentstack: the API key of your stack, or several. Contentstack signs for all of its customers with one key, so
   * this is what tells yours from the others'.
   */
  readonly stack?: string | readonly string[];
  /** Generic: how a request is verified. */
  readonly verification?: Verification;
  /** Generic: where in the payload what is. */
  readonly payload?: PayloadMap;
}

/** A signature by HMAC over the body, and what else a template names. Header names are in lower case. */
export interface HmacVerification {
  readonly kind: 'hmac';
  /** The header that holds the signature. */
  readonly header: string;
  /** @default sha256 */
  readonly hash?: Hash;
  /**
   * How the signature is written.
   * @default hex
   */
  readonly encoding?: 'hex' | 'base64' | 'base64url';
  /** What precedes the signature: `sha256=`, `v1,`. */
  readonly prefix?: string;
  /** The header is a list such as `t=1,v1=abc`, and this is the name of the signature in it. */
  readonly parameter?: string;
  /**
   * What separates the parameters, or several signatures.
   * @default `,` where there are parameters
   */
  readonly separator?: string;
  /**
   * How a secret becomes a key; `text` is its UTF-8.
   * @default text
   */
  readonly key?: 'text' | 'base64' | 'hex';
  /** What precedes the key in a secret and is not a part of it: `whsec_`. It may be missing. */
  readonly keyPrefix?: string;
  /**
   * What is signed, of `{body}`, `{timestamp}`, `{id}`, `{method}`, `{path}`.
   * @default `{body}`
   */
  readonly template?: string;
  /** The header that holds `{id}`. */
  readonly id?: string;
  /** Where `{timestamp}` is: in its own header, or in a parameter of the signature's. */
  readonly timestamp?: TimestampLocation;
}

interface TimestampLocation {
  readonly header?: string;
  readonly parameter?: string;
  /** @default seconds */
  readonly unit?: 'seconds' | 'milliseconds';
  /**
   * How far off, in the past or the future, it may be.
   * @default 300
   */
  readonly toleranceSeconds?: number;
}

/** A secret that the request itself carries. */
export interface SecretVerification {
  readonly kind: 'secret';
  /** `basic`: the secret is the password, or `user:password`. `body`: at a path of keys such as `auth.secret`. */
  readonly in: 'header' | 'basic' | 'query' | 'body';
  /**
   * The header (in lower case once it is checked), the query parameter, or the path of keys.
   * @default authorization
   */
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
  /**
   * The path of the list of entries, where one request has several.
   * @default the body is the entry
   */
  readonly entries?: string;
  /**
   * Without an id nothing is remembered of an entry.
   * @default id
   */
  readonly id?: PayloadLocation;
  readonly type?: PayloadLocation;
  readonly slug?: PayloadLocation;
  readonly locale?: PayloadLocation;
  readonly url?: PayloadLocation;
  readonly environment?: PayloadLocation;
  /**
   * When it happened, in ISO 8601.
   * @default when the request came
   */
  readonly occurredAt?: PayloadLocation;
  /**
   * The path of the object whose values are fields.
   * @default the entry
   */
  readonly fields?: string;
  /** The path of the object that holds the fields as they were before. */
  readonly previous?: string;
  /**
   * What happened.
   * @default every request is a put
   */
  readonly action?: PayloadLocation;
  /** The values of `action` that are deletes: unpublish, archive, delete. */
  readonly deletes?: readonly string[];
  /**
   * The values of `action` that are puts.
   * @default all that are neither deletes nor ignored
   */
  readonly puts?: readonly string[];
  /** The values of `action` that purge nothing: test pings, drafts. */
  readonly ignores?: readonly string[];
}
