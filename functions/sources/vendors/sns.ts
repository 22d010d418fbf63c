import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { readS3Event } from '../s3.ts';
import { decodeBase64, refused, VERIFIED } from '../toolkit/crypto.ts';
import { type JsonObject, parseJsonObject, textAt, unexpected } from '../toolkit/payload.ts';
import { isoDateOf } from '../toolkit/time.ts';
import {
  defineSource,
  ignored,
  type Reading,
  type VerificationResult,
  type WebhookRequest,
} from '../webhook-source.ts';

/** SNS sends a notification again for up to an hour under the policy for HTTPS that most topics have. */
const TOLERANCE_SECONDS = 3600;
const CERTIFICATE =
  /^https:\/\/sns\.[a-z0-9-]{2,30}\.amazonaws\.com(\.cn)?\/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$/;
const CONFIRMATION = /^https:\/\/sns\.[a-z0-9-]{2,30}\.amazonaws\.com(\.cn)?\/\?[\x21-\x7e]{1,2000}$/;
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1', 'sha1'],
  ['2', 'sha256'],
]);
const SIGNED_OF_NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const SIGNED_OF_SUBSCRIPTION = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
];

/**
 * SNS over HTTPS with S3's events in it, for topics that cannot invoke the function for S3 themselves. The "secret"
 * is the topic's ARN: whoever can publish to a topic of theirs is verified by the same certificates. The changes are
 * those of source `s3`.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export const sns = defineSource({ name: 'sns', options: [], certificateUrl, verify, read });

function certificateUrl({ body }: WebhookRequest): string | undefined {
  const parsed = parseJsonObject(body);
  const url = parsed.kind === 'parsed' ? textAt(parsed.value, 'SigningCertURL') : undefined;
  return url !== undefined && CERTIFICATE.test(url) ? url : undefined;
}

function verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): VerificationResult {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return refused('the body is not a message of SNS');
  const message = parsed.value;
  if (certificateUrl(request) === undefined) return refused('the certificate is not one of SNS');
  const topic = textAt(message, 'TopicArn') ?? '';
  if (!secrets.some((secret) => secret === topic && topic.startsWith('arn:'))) {
    return refused('the topic is not the one that is expected');
  }
  const hash = HASHES.get(textAt(message, 'SignatureVersion') ?? '');
  const signature = decodeBase64((textAt(message, 'Signature') ?? '').slice(0, 2048));
  const signed = signedText(message);
  if (hash === undefined || signature === undefined || signed === undefined) {
    return refused('the message is not signed as SNS signs');
  }
  const keys = secrets.map(publicKeyOf).filter((key) => key !== undefined);
  if (!keys.some((key) => verifySignature(hash, Buffer.from(signed), key, signature))) {
    return refused('the signature does not match');
  }
  const sentAt = isoDateOf(message.Timestamp);
  const ageSeconds = sentAt === undefined ? Number.NaN : (nowMs - Date.parse(sentAt)) / 1000;
  if (Math.abs(ageSeconds) < TOLERANCE_SECONDS) return VERIFIED;
  return refused(`the message is ${ageSeconds} s old, less than ${TOLERANCE_SECONDS} s is accepted`);
}

function publicKeyOf(secret: string): KeyObject | undefined {
  if (!secret.startsWith('-----BEGIN ')) return undefined;
  try {
    const key = createPublicKey(secret);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

function signedText(message: JsonObject): string | undefined {
  const isNotification = textAt(message, 'Type') === 'Notification';
  let text = '';
  for (const name of isNotification ? SIGNED_OF_NOTIFICATION : SIGNED_OF_SUBSCRIPTION) {
    const value = message[name];
    if (name === 'Subject' && (value === undefined || value === null)) continue;
    if (typeof value !== 'string') return undefined;
    text += `${name}\n${value}\n`;
  }
  return text;
}

function read({ body }: WebhookRequest): Reading {
  const parsed = parseJsonObject(body);
  if (parsed.kind === 'malformed') return parsed;
  const message = parsed.value;
  const type = textAt(message, 'Type');
  if (type === 'SubscriptionConfirmation') {
    const url = textAt(message, 'SubscribeURL') ?? '';
    return CONFIRMATION.test(url)
      ? { kind: 'confirmation', url }
      : unexpected('SubscribeURL', 'a URL of SNS', message.SubscribeURL);
  }
  if (type !== 'Notification') return ignored(`${String(type).slice(0, 60)} is not a notification`);
  const { changes, ignored: others, notUnderstood } = readS3Event(message);
  if (changes.length > 0) return { kind: 'objects', changes };
  return ignored(notUnderstood[0]?.reason ?? others[0]?.reason ?? 'no object changed');
}
