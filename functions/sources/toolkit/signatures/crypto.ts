import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Hash } from '../../webhook-options.ts';
import type { VerificationResult, WebhookRequest } from '../../webhook-source.ts';

/** The result for a request that one of the secrets verifies. */
export const accepted: VerificationResult = { verified: true };

/**
 * The result for a request that is not verified.
 * @param reason must not hold a secret or a signature: it is logged
 */
export function refused(reason: string): VerificationResult {
  return { verified: false, reason };
}

/** The result of comparing signatures. */
export function acceptedIf(isMatch: boolean, reason = 'the signature does not match'): VerificationResult {
  return isMatch ? accepted : refused(reason);
}

/**
 * The result for a request whose signature covers its time.
 * @param untilMs until when the time is within its tolerance
 * @param signed what makes the delivery: its signature, or what is signed
 */
export function acceptedUntil(
  untilMs: number,
  ...signed: readonly (string | Uint8Array)[]
): VerificationResult {
  const digest = createHash('sha256');
  for (const part of signed) digest.update(part);
  return { verified: true, delivery: { key: digest.digest('hex'), untilMs } };
}

/**
 * Reads a header without trusting its name, which may come from the request itself: `__proto__` and `constructor`
 * are headers like any other.
 */
export function headerOf(request: WebhookRequest, name: string): string | undefined {
  return Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
}

/** The HMAC over the parts, one after another. */
export function hmac(
  hash: Hash,
  key: string | Uint8Array,
  ...parts: readonly (string | Uint8Array)[]
): Buffer {
  const digest = createHmac(hash, key);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/**
 * Compares two strings (as UTF-8) or byte arrays in a time that tells neither where they differ nor the length of the
 * secret one: what is compared is their digests.
 */
export function equalInConstantTime(left: string | Uint8Array, right: string | Uint8Array): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/**
 * Decodes standard base64, padded or not.
 * @returns undefined for anything else that `Buffer` would accept: other characters, the URL alphabet, spare bits
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  const matches = text === canonical || text === canonical.replace(/=+$/, '');
  return matches && bytes.length > 0 ? bytes : undefined;
}

/** The unit that a sender counts its timestamps in. */
type TimestampUnit = 'seconds' | 'milliseconds';

/**
 * Reads a Unix timestamp that is digits and nothing else.
 * @returns milliseconds since the epoch, always inside the range of a Date; undefined for any other string
 */
export function parseTimestampMs(text: string | undefined, unit: TimestampUnit): number | undefined {
  const maxDigits = unit === 'seconds' ? 12 : 15;
  if (text === undefined || text.length > maxDigits || !/^[0-9]+$/.test(text)) return undefined;
  return unit === 'seconds' ? Number(text) * 1000 : Number(text);
}

/** What a timestamp is checked against. One at the very edge of the tolerance, past or future, still passes. */
interface TimestampPolicy {
  /** The header that holds it, for the reason. */
  readonly header: string;
  readonly unit: TimestampUnit;
  readonly toleranceSeconds: number;
}

/** @returns what is wrong with a timestamp, as the reason of a refusal; undefined if nothing is */
export function timestampProblem(
  text: string | undefined,
  policy: TimestampPolicy,
  nowMs: number,
): string | undefined {
  const { header, unit, toleranceSeconds } = policy;
  const atMs = parseTimestampMs(text, unit);
  if (atMs === undefined) return `the header ${header} is not a Unix timestamp in ${unit}`;
  const ageSeconds = (nowMs - atMs) / 1000;
  if (Math.abs(ageSeconds) <= toleranceSeconds) return undefined;
  const distance = ageSeconds > 0 ? `${ageSeconds} s old` : `${-ageSeconds} s in the future`;
  return `the request was signed ${distance}, at most ${toleranceSeconds} s is accepted`;
}
