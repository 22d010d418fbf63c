/** The fewest bytes of a key that nobody can guess: 128 bits. */
export const minKeyBytes = 16;

/** A random key of 16 characters of any alphabet has more different ones. */
const minDistinct = 5;
/** In a random key neighbors in the alphabet stand next to each other now and then, never most of the time. */
const maxSequentialShare = 0.8;

/** Words of which placeholders consist, in the examples of documents and templates. */
const placeholderWords =
  /^(a|admin|api|auth|bar|baz|change|default|demo|dev|dummy|enter|example|fill|foo|generate|goes|here|hello|hook|insert|is|key|me|my|none|null|passwd|password|placeholder|please|prod|production|put|random|real|replace|root|sample|secret|set|shared|signature|signing|some|string|strong|super|tbd|test|the|this|to|todo|token|undefined|update|user|value|verification|very|webhook|with|your)+$/;

/** Examples of vendors' documents. */
const published: readonly string[] = [
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  "It's a Secret to Everybody",
  // https://github.com/standard-webhooks/standard-webhooks
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  // https://docs.svix.com/receiving/verifying-payloads/how-manual
  'whsec_plJ3nmyCDGBKInavdOK15jsl',
];

/**
 * @returns what is wrong with a webhook's secret, without the secret; undefined where it may be a key that only its owner
 *   and the sender know
 */
export function secretIssue(secret: string): string | undefined {
  const key = secret.replace(/^whsec_/, '');
  const bytes = key === secret ? utf8Length(key) : Math.floor((key.replace(/=+$/, '').length * 3) / 4);
  if (secret.trim() === '') return 'it is blank';
  if (bytes < minKeyBytes) return `it has ${bytes} bytes`;
  if (isPlaceholder(secret)) return 'it is a well-known placeholder';
  if (new Set(key).size < minDistinct || isSequence(key)) return 'it is a pattern that anybody can guess';
  return undefined;
}

/** Digits and punctuation between the words do not make a placeholder secret, unless they are most of it. */
function isPlaceholder(secret: string): boolean {
  const letters = secret.toLowerCase().replace(/[^a-z]/g, '');
  return (
    published.includes(secret) || (letters.length * 2 >= secret.length && placeholderWords.test(letters))
  );
}

/** Whether most characters follow the one before them, as in `0123456789abcdef`, or repeat it. */
function isSequence(key: string): boolean {
  const codes = [...key].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).filter((code, index) => Math.abs(code - (codes[index] ?? 0)) <= 1);
  return steps.length > (codes.length - 1) * maxSequentialShare;
}

function utf8Length(value: string): number {
  return new TextEncoder().encode(value).length;
}
