import { describe, expect, test } from 'vitest';
import { type Credentials, parseCredentials, signRequest } from '../../functions/cdn-pro/auth.ts';

const nowMs = Date.UTC(2025, 7, 11, 6, 15, 25);
const request = {
  method: 'POST',
  url: new URL('https://api.cdnetworks.com/cdn/purges'),
  contentType: 'application/json',
  body: '{"target":"production"}',
} as const;

test('an API key signs the date, as the commands of the purge API page do', () => {
  const credentials: Credentials = {
    kind: 'api-key',
    username: 'example_username',
    apiKey: 'example_apiKey',
  };
  // echo -en "Mon, 11 Aug 2025 06:15:25 GMT" | openssl dgst -sha1 -hmac example_apiKey -binary | openssl enc -base64
  const password = 'rj628Tom62GJDGH9W10hjScUtjs=';
  expect(signRequest(request, credentials, nowMs)).toEqual({
    date: 'Mon, 11 Aug 2025 06:15:25 GMT',
    authorization: `Basic ${btoa(`example_username:${password}`)}`,
  });
});

test('an access key signs the canonical request', () => {
  const credentials: Credentials = { kind: 'access-key', accessKey: 'example_ak', secretKey: 'example_sk' };
  // The canonical request of CNC-HMAC-SHA256, hashed and signed with openssl.
  const signature = 'c12cbf5380284f122e5c1a87227ef83208057e18bf4bbb06465230160d05da06';
  expect(signRequest(request, credentials, nowMs)).toEqual({
    'x-cnc-accesskey': 'example_ak',
    'x-cnc-timestamp': '1754892925',
    'x-cnc-auth-method': 'AKSK',
    authorization: `CNC-HMAC-SHA256 Credential=example_ak, SignedHeaders=content-type;host, Signature=${signature}`,
  });
});

test.each([
  [
    '/cdn/purges/purgeTokens?target=production',
    'a7df41bab72e5ccb15ba4364b49944b977fe1142e807d3bf787e14ef1ad333c8',
  ],
  [
    '/cdn/purges?search=a%20b&target=staging',
    '29a345503b228aff87fb7267284f633a4ca407b1a5953265c3dc80d389305635',
  ],
])('an access key signs the decoded query of GET %s, in its order', (path, signature) => {
  const credentials: Credentials = { kind: 'access-key', accessKey: 'example_ak', secretKey: 'example_sk' };
  const url = new URL(path, 'https://api.cdnetworks.com');
  const { authorization } = signRequest({ ...request, method: 'GET', url, body: '' }, credentials, nowMs);
  expect(authorization).toMatch(`Signature=${signature}`);
});

describe('the credentials secret', () => {
  test('has either pair', () => {
    expect(parseCredentials('{"username":"u","apiKey":"k"}')).toEqual({
      kind: 'api-key',
      username: 'u',
      apiKey: 'k',
    });
    expect(parseCredentials('{"accessKey":"a","secretKey":"s"}')).toEqual({
      kind: 'access-key',
      accessKey: 'a',
      secretKey: 's',
    });
  });

  test.each([
    ['{"username":"u","apikey":"very secret"}', 'got "username", "apikey"'],
    ['{"username":"u","apiKey":""}', 'got "username", "apiKey"'],
    ['{}', 'got no fields'],
    ['very secret', 'Expected the credentials secret to be a JSON object, got something else'],
    ['["very secret"]', 'Expected the credentials secret to be a JSON object, got something else'],
  ])('%s is refused without quoting a value', (secret, message) => {
    const parse = () => parseCredentials(secret);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('very secret');
  });
});
