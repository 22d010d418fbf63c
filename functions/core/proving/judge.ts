import type { Header, Shows } from '../model/types.ts';
import type { Probe, Seen, Verdict } from './probe.ts';

/** What the edge has answered, as far as it says which version it serves. */
export interface Answer {
  readonly status: number;
  readonly etag?: string;
  /** The value of the header that a rule names. */
  readonly version?: string;
  /** In milliseconds. */
  readonly lastModifiedMs?: number;
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly setsCookie?: boolean;
  /** Whether it names a request of S3: S3 itself has answered. */
  readonly isOfS3?: boolean;
}

/** What one vantage point says of a URL. */
export type Judgement = Pick<Verdict, 'kind' | 'reason'>;

/** `Last-Modified` is in whole seconds, and so are S3's times by EventBridge, in milliseconds. */
const wholeSecondMs = 1000;
/** S3's clock when it writes an object, and when it tells of it, may differ by this, in milliseconds. */
const clockDifferenceMs = 1000;

/**
 * Judges what a probe was answered. For headers there may be another file, such as an image of another kind, with its own
 * times: what differs from the object is not certainly old then.
 */
export function judgeProbe({ url, headers = [], shows }: Probe, answer: Answer): Judgement {
  const judgement = judge(url, shows, answer);
  if (judgement.kind !== 'stale' || headers.length === 0) return judgement;
  return unproven(`${judgement.reason}, and may be another file for these headers`);
}

/**
 * Judges by the version alone. What does not tell is `unproven`: only what is certainly from before the change is `stale`,
 * since purging again costs tokens that changes wait for.
 */
export function judge(url: string, shows: Shows, answer: Answer): Judgement {
  const { status, etag } = answer;
  if (isGone(shows, answer)) return { kind: 'proven' };
  if (status !== 200 && status !== 206) return unproven(`the answer is ${status}`);
  if (shows.gone) return isOlder(url, shows, answer, 'it is still served');
  if (shows.header !== undefined) return judgeVersion(shows.header, answer);
  if (etag === undefined) return unproven('the answer has no ETag');
  if (shows.etag !== undefined && isSameVersion(etag, shows.etag)) return { kind: 'proven' };
  return isOlder(url, shows, answer, 'it has another ETag');
}

/** Another version may be a newer one: that it is another one never spends a purge. */
function judgeVersion({ name, value }: Header, { version }: Answer): Judgement {
  if (version === undefined) return unproven(`the answer has no ${name}`);
  return version.trim() === value
    ? { kind: 'proven' }
    : unproven(`it has another ${name}, and which version is the newer one is not known`);
}

/** A 403 is how S3 says that an object does not exist to who may not list the bucket; anybody else's may be a firewall's. */
function isGone({ gone }: Shows, { status, isOfS3 }: Answer): boolean {
  return gone === true && (status === 404 || status === 410 || (status === 403 && isOfS3 === true));
}

function isOlder(
  url: string,
  { sinceMs }: Shows,
  { lastModifiedMs, contentType = '', cacheControl = '', setsCookie = false }: Answer,
  what: string,
): Judgement {
  if (lastModifiedMs === undefined) return unproven(`${what}, and no Last-Modified`);
  if (setsCookie || /\b(?:no-store|private)\b/i.test(cacheControl)) {
    return unproven(`${what}, and is not for caches`);
  }
  if (/^text\/html\b/i.test(contentType) && isNotHtml(url)) {
    return unproven(`${what}, and is HTML in place of another kind of file`);
  }
  if (lastModifiedMs + wholeSecondMs + clockDifferenceMs > sinceMs) {
    return unproven(`${what}, and a Last-Modified that is not from before the change`);
  }
  return { kind: 'stale', reason: `${what}, and a Last-Modified from before the change` };
}

function unproven(reason: string): Judgement {
  return { kind: 'unproven', reason };
}

const otherKinds =
  /\.(?:avif|css|csv|gif|ico|jpe?g|js|json|map|mjs|mp[34]|pdf|png|svg|txt|wasm|webp|woff2?|xml|zip)$/i;

/** A page that is answered for such a URL is an error page or a login. */
function isNotHtml(url: string): boolean {
  return otherKinds.test(url.split('?')[0] ?? '');
}

/**
 * Servers that compress an answer make its ETag weak (nginx), or add the encoding's name (Apache, Jetty, Caddy).
 * @param etag of an answer, as it is written there
 * @param expected without quotes
 */
export function isSameVersion(etag: string, expected: string): boolean {
  const opaque = etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
  return opaque === expected || opaque.replace(/(?:--?|[;:.])(?:br|deflate|df|gzip|zstd)$/, '') === expected;
}

/** @returns the verdict of what all vantage points say of a URL, each with what it has seen */
export function verdictOf(
  judged: readonly { readonly judgement: Judgement; readonly seen: Seen }[],
): Verdict {
  const first = (kind: Verdict['kind']) => judged.find(({ judgement }) => judgement.kind === kind)?.judgement;
  const seen = judged.map(({ seen, judgement }) =>
    judgement.kind === 'stale' ? { ...seen, isOld: true as const } : seen,
  );
  const { kind, reason } =
    first('stale') ?? first('unproven') ?? first('proven') ?? unproven('nobody was asked');
  return { kind, ...(reason !== undefined && { reason }), seen };
}
