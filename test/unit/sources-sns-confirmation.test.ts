import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFetchText } from '../../functions/receive-webhook/fetch-text.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { createWebhookWorld } from '../helpers/webhook-world.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:s3-events';
const CERTIFICATE = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem';
const SUBSCRIBE = `https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=23`;
const NOW_MS = Date.UTC(2026, 0, 1);

const sns = generateKeyPairSync('rsa', { modulusLength: 2048 });
const forger = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** SNS's confirmation of a subscription, signed as SNS signs. */
function confirmation(changes: Record<string, string> = {}, key = sns.privateKey): string {
  const message: Record<string, string> = {
    Type: 'SubscriptionConfirmation',
    MessageId: 'm1',
    Token: '23',
    TopicArn: TOPIC,
    Message: 'You have chosen to subscribe',
    SubscribeURL: SUBSCRIBE,
    Timestamp: new Date(NOW_MS - 1000).toISOString(),
    SignatureVersion: '2',
    SigningCertURL: CERTIFICATE,
    ...changes,
  };
  const names = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names.map((name) => `${name}\n${message[name]}\n`).join('');
  return JSON.stringify({ ...message, Signature: sign('sha256', Buffer.from(text), key).toString('base64') });
}

/** A receiver whose network has SNS's certificate, and answers everything else that it is asked for. */
function createReceiver(answerOf: (url: string) => Response = () => new Response('<ok/>')) {
  const asked: string[] = [];
  const fetchUrl = (async (url: string) => {
    asked.push(url);
    if (url === CERTIFICATE) return new Response(sns.publicKey.export({ type: 'spki', format: 'pem' }));
    return answerOf(url);
  }) as typeof fetch;
  const { ports } = createWebhookWorld({
    webhooks: { sns: { source: 'sns', secretIds: ['topic'] } },
    secrets: { topic: TOPIC },
    nowMs: NOW_MS,
  });
  const fetchText = createFetchText(fetchUrl, () => NOW_MS);
  const confirm = createFetchText(fetchUrl, () => NOW_MS, 0);
  const receive = async (body: string) => {
    const request = { method: 'POST', path: '/webhooks/sns', headers: {}, body: Buffer.from(body) };
    return (await receiveWebhook('sns', request, { ...ports, fetchText, confirm })).statusCode;
  };
  return { asked, receive };
}

describe('a subscription of SNS', () => {
  it('is confirmed by its URL, in the same moment in which its certificate was fetched', async () => {
    const { asked, receive } = createReceiver();
    expect(await receive(confirmation())).toBe(200);
    expect(asked).toEqual([CERTIFICATE, SUBSCRIBE]);
  });

  it('is confirmed in China as well', async () => {
    const { asked, receive } = createReceiver();
    const url = 'https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription';
    expect(await receive(confirmation({ SubscribeURL: url }))).toBe(200);
    expect(asked).toContain(url);
  });

  it('that SNS could not confirm is asked for again: SNS sends what was answered 503 once more', async () => {
    let isAway = true;
    const { asked, receive } = createReceiver(() => new Response('', { status: isAway ? 500 : 200 }));
    expect(await receive(confirmation())).toBe(503);
    isAway = false;
    expect(await receive(confirmation())).toBe(200);
    expect(asked.filter((url) => url === SUBSCRIBE)).toHaveLength(2);
  });

  it.each([
    ['of another topic', confirmation({ TopicArn: `${TOPIC}-2` })],
    ['that somebody else signed', confirmation({}, forger.privateKey)],
    ['that was changed after it was signed', confirmation().replace('Token=23', 'Token=24')],
    ['from two hours ago', confirmation({ Timestamp: new Date(NOW_MS - 7_200_000).toISOString() })],
    ['from two hours ahead', confirmation({ Timestamp: new Date(NOW_MS + 7_200_000).toISOString() })],
  ])('%s is not confirmed', async (_, body) => {
    const { asked, receive } = createReceiver();
    expect(await receive(body)).toBe(401);
    expect(asked.filter((url) => url !== CERTIFICATE)).toEqual([]);
  });

  it.each([
    'http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
    'https://sns.eu-central-1.amazonaws.com:8443/?Action=ConfirmSubscription',
    'https://sns.eu-central-1.amazonaws.com.evil.example/?Action=ConfirmSubscription',
    'https://sns.eu-central-1.amazonaws.com@evil.example/?Action=ConfirmSubscription',
    'https://evil.example/?https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
    'https://evil.sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
    'https://sns.amazonaws.com.evil/?Action=ConfirmSubscription',
    'https://s3.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
    'https://169.254.169.254/?latest/meta-data',
    'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
    'file:///etc/passwd',
    `${SUBSCRIBE}\nhttps://evil.example/`,
    '',
  ])('is not confirmed at %j, which is not SNS, even with a good signature', async (url) => {
    const { asked, receive } = createReceiver();
    expect(await receive(confirmation({ SubscribeURL: url }))).toBe(400);
    expect(asked).toEqual([CERTIFICATE]);
  });

  it.each([
    CERTIFICATE.replace('https', 'http'),
    CERTIFICATE.replace('.com/', '.com.evil.example/'),
    CERTIFICATE.replace('.com/', '.com@evil.example/'),
    CERTIFICATE.replace('.com/', '.com:444/'),
    CERTIFICATE.replace('/Simple', '/../Simple'),
    `${CERTIFICATE}?x`,
    'https://evil.example/SimpleNotificationService-0123abcd.pem',
    'https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem',
  ])('is not verified by a certificate at %j, which is not fetched', async (url) => {
    const { asked, receive } = createReceiver();
    expect(await receive(confirmation({ SigningCertURL: url }))).toBe(401);
    expect(asked).toEqual([]);
  });

  it('that ends is not taken up again', async () => {
    const { asked, receive } = createReceiver();
    expect(await receive(confirmation({ Type: 'UnsubscribeConfirmation' }))).toBe(200);
    expect(asked).toEqual([CERTIFICATE]);
  });
});
