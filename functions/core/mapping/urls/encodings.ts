import { literalStar, markStars } from './literal-star.ts';
import { encodeInPath } from './url.ts';

/** How values are encoded in a path; each is what some clients write into links, and a cache key of its own. */
export const encodings = ['browser', 's3', 'plus', 'component', 'strict', 'form', 'lowercase'] as const;

/** One of {@link encodings}. */
export type Encoding = (typeof encodings)[number];

/** From a string, not encoded before, to a part of a path; slashes are kept, or become `%2F`. */
type PathEncoder = (text: string, keepSlashes: boolean) => string;

/** The encoders of a path by their names. A `*` is marked as literal, except where it is escaped. */
export const pathEncoders: Readonly<Record<Encoding, PathEncoder>> = {
  /** What is typed or linked plainly. */
  browser: encodeInPath,
  /** S3 reads a plus as a space, so that links to a key with a plus say `%2B`. */
  s3: encodePlus,
  /** The same, with the plus that S3 reads as a space. */
  plus: (text, keepSlashes) => encodePlus(text, keepSlashes).replaceAll('%20', '+'),
  /** `encodeURIComponent` and the SDKs that follow it. */
  component: encodeAsComponent,
  /** All but what RFC 3986 calls unreserved. */
  strict: encodeStrictly,
  /** `application/x-www-form-urlencoded`, as S3's console writes the URL of an object. */
  form: (text, keepSlashes) =>
    encodeStrictly(text, keepSlashes)
      .replaceAll('%20', '+')
      .replaceAll('~', '%7E')
      .replaceAll('%2A', literalStar),
  /** As `browser`, with escapes in lower case, as WordPress writes them. */
  lowercase: (text, keepSlashes) =>
    encodeInPath(text, keepSlashes).replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
};

function encodePlus(text: string, keepSlashes: boolean): string {
  return encodeInPath(text, keepSlashes).replaceAll('+', '%2B');
}

function encodeAsComponent(text: string, keepSlashes: boolean): string {
  const encoded = markStars(encodeURIComponent(text.toWellFormed()));
  return keepSlashes ? encoded.replaceAll('%2F', '/') : encoded;
}

function encodeStrictly(text: string, keepSlashes: boolean): string {
  const encoded = encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepSlashes ? encoded.replaceAll('%2F', '/') : encoded;
}
