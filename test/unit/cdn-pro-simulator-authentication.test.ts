import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';

const signedAtMs = Date.UTC(2025, 7, 11, 6, 15, 25);
const signedDate = 'Mon, 11 Aug 2025 06:15:25 GMT';
const fiveMinutesMs = 300_000;
const validBody = JSON.stringify({ target: 'production', fileUrls: ['https://www.example.com/a'] });

let cdnPro: CdnPro;
let nowMs: number;

function start({ refuseReplays = false } = {}) {
  return startCdnPro({
    credentials: { username: 'ann', apiKey: 'ann-key', accessKey: 'AK1', secretKey: 'sk-1' },
    deployedHosts: { production: ['www.example.com'], staging: [] },
    nowMs: () => nowMs,
    refuseReplays,
  });
}

beforeEach(async () => {
  nowMs = signedAtMs;
  cdnPro = await start();
});
afterEach(() => cdnPro.stop());

function basic({ username = 'ann', apiKey = 'ann-key', date = signedDate } = {}): Record<string, string> {
  const password = createHmac('sha1', apiKey).update(date).digest('base64');
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`, date };
}

function aksk({
  method = 'POST',
  path = '/cdn/purges',
  body = validBody,
  accessKey = 'AK1',
  secretKey = 'sk-1',
  timestamp = `${signedAtMs / 1000}`,
  contentType = 'application/json',
  query = '',
} = {}): Record<string, string> {
  const host = new URL(cdnPro.url).host;
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const canonical = `${method}\n${path}\n${query}\ncontent-type:${contentType}\nhost:${host}\n\ncontent-type;host\n${bodyHash}`;
  const toSign = `CNC-HMAC-SHA256\n${timestamp}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', secretKey).update(toSign).digest('hex');
  return {
    'content-type': contentType,
    'x-cnc-accessKey': accessKey,
    'x-cnc-timestamp': timestamp,
    'x-cnc-auth-method': 'AKSK',
    authorization: `CNC-HMAC-SHA256 Credential=${accessKey}, SignedHeaders=content-type;host, Signature=${signature}`,
  };
}

async function post(headers: Record<string, string>, body = validBody) {
  const response = await fetch(`${cdnPro.url}/cdn/purges`, { method: 'POST', headers, body });
  const text = await response.text();
  return {
    status: response.status,
    error: text === '' ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}

async function expectUnauthorized(
  headers: Record<string, string>,
  message: string | RegExp,
  body = validBody,
) {
  const answer = await post(headers, body);
  expect(answer.status).toBe(401);
  expect(answer.error).toEqual({ code: 'Unauthorized', message: expect.stringMatching(message) });
  expect(answer.headers.get('x-cnc-request-id')).toMatch(/\S/);
  expect(cdnPro.purges).toEqual([]);
}

describe('the API key scheme', () => {
  it('accepts the HMAC-SHA1 of the Date header', async () => {
    expect((await post(basic())).status).toBe(201);
  });

  it("accepts what openssl makes of the vendor's shell example", async () => {
    // echo -en "Mon, 11 Aug 2025 06:15:25 GMT" | openssl dgst -sha1 -hmac ann-key -binary | openssl enc -base64
    const pair = Buffer.from('ann:shTl+DFb4GzG5EadBasnbjHDSHM=').toString('base64');
    expect((await post({ authorization: `Basic ${pair}`, date: signedDate })).status).toBe(201);
  });

  it('takes x-cnc-date in place of Date, also where both are sent', async () => {
    const { authorization = '' } = basic();
    expect((await post({ authorization, 'x-cnc-date': signedDate })).status).toBe(201);
    const otherDate = 'Mon, 11 Aug 2025 06:15:24 GMT';
    expect((await post({ authorization, 'x-cnc-date': signedDate, date: otherDate })).status).toBe(201);
  });

  it('accepts a date of 5 minutes in either direction and no more', async () => {
    for (const offMs of [-fiveMinutesMs, fiveMinutesMs]) {
      nowMs = signedAtMs + offMs;
      expect((await post(basic())).status).toBe(201);
    }
    for (const offMs of [-fiveMinutesMs - 1, fiveMinutesMs + 1]) {
      nowMs = signedAtMs + offMs;
      const { status, error } = await post(basic());
      expect({ status, message: error.message }).toEqual({
        status: 401,
        message: `The date '${signedDate}' is more than 5 minutes off.`,
      });
    }
  });

  it.each([
    '2025-08-11T06:15:25Z',
    'Mon, 11 Aug 2025 06:15:25 +0000',
    'Mon, 11 Aug 2025 06:15:25 UTC',
    'Tue, 11 Aug 2025 06:15:25 GMT',
    'Monday, 11-Aug-25 06:15:25 GMT',
    'yesterday',
  ])('refuses the date %s, which is not of the RFC 1123 form', async (date) => {
    await expectUnauthorized(basic({ date }), /^Expected the date to be of the form/);
  });

  it('refuses a missing date, a wrong user, a wrong key and a password made for another date', async () => {
    const { authorization = '' } = basic();
    await expectUnauthorized({ authorization }, /^The header Date, or x-cnc-date in its place, is missing/);
    await expectUnauthorized(basic({ username: 'bob' }), /^The username is not known/);
    await expectUnauthorized(basic({ apiKey: 'other' }), /^The password is not the signature/);
    const stolen = { ...basic(), date: 'Mon, 11 Aug 2025 06:15:26 GMT' };
    await expectUnauthorized(stolen, /^The password is not the signature/);
    const plain = Buffer.from('ann:ann-key').toString('base64');
    await expectUnauthorized(
      { authorization: `Basic ${plain}`, date: signedDate },
      /^The password is not the signature/,
    );
    const noColon = Buffer.from('ann').toString('base64');
    await expectUnauthorized(
      { authorization: `Basic ${noColon}`, date: signedDate },
      /^The password is not the signature/,
    );
  });
});

describe('the AK/SK scheme', () => {
  it('accepts a signature over method, path, content type, host and body', async () => {
    expect((await post(aksk())).status).toBe(201);
    expect((await post(aksk({ contentType: 'application/json; charset=utf-8' }))).status).toBe(201);
  });

  it('accepts a timestamp of 5 minutes in either direction and no more', async () => {
    for (const offMs of [-fiveMinutesMs, fiveMinutesMs]) {
      nowMs = signedAtMs + offMs;
      expect((await post(aksk())).status).toBe(201);
    }
    for (const offMs of [-fiveMinutesMs - 1, fiveMinutesMs + 1]) {
      nowMs = signedAtMs + offMs;
      expect((await post(aksk())).status).toBe(401);
    }
  });

  it('refuses a signature made over anything else', async () => {
    await expectUnauthorized(aksk({ body: `${validBody} ` }), /^The signature does not match/);
    await expectUnauthorized(aksk({ path: '/cdn/other' }), /^The signature does not match/);
    await expectUnauthorized(aksk({ method: 'PUT' }), /^The signature does not match/);
    await expectUnauthorized(aksk({ secretKey: 'other' }), /^The signature does not match/);
    await expectUnauthorized({ ...aksk(), 'content-type': 'text/plain' }, /^The signature does not match/);
    const later = { ...aksk(), 'x-cnc-timestamp': `${signedAtMs / 1000 + 1}` };
    await expectUnauthorized(later, /^The signature does not match/);
  });

  it.each([
    ['target=production', 'target=production'],
    ['startdate=2025-08-11T00%3A00%3A00Z&limit=2', 'startdate=2025-08-11T00:00:00Z&limit=2'],
    ['search=a%20b+c', 'search=a b c'],
  ])('signs the query %s of a GET decoded, in its order', async (query, signedQuery) => {
    const path = '/cdn/purges';
    const get = (headers: Record<string, string>) => fetch(`${cdnPro.url}${path}?${query}`, { headers });
    expect((await get(aksk({ method: 'GET', path, body: '', query: signedQuery }))).status).toBe(200);
    expect((await get(aksk({ method: 'GET', path, body: '' }))).status).toBe(401);
  });

  it('takes a signature twice, unless the options say otherwise', async () => {
    expect([(await post(aksk())).status, (await post(aksk())).status]).toEqual([201, 201]);
    await cdnPro.stop();
    cdnPro = await start({ refuseReplays: true });
    expect((await post(aksk())).status).toBe(201);
    const replayed = await post(aksk());
    expect([replayed.status, replayed.error.message]).toEqual([
      401,
      'A request with this signature has been received before.',
    ]);
    expect((await post(aksk({ timestamp: `${signedAtMs / 1000 + 1}` }))).status).toBe(201);
    expect([(await post(basic())).status, (await post(basic())).status]).toEqual([201, 201]);
  });

  it('refuses an unknown or differing access key and headers that are missing or malformed', async () => {
    await expectUnauthorized(aksk({ accessKey: 'AK2' }), /^The access key is not known/);
    await expectUnauthorized({ ...aksk(), 'x-cnc-accessKey': 'AK2' }, /x-cnc-accessKey/);
    await expectUnauthorized({ ...aksk(), 'x-cnc-auth-method': 'BASIC' }, /x-cnc-auth-method/);
    await expectUnauthorized(aksk({ timestamp: `${signedAtMs / 1000}.5` }), /x-cnc-timestamp/);
    await expectUnauthorized(aksk({ timestamp: `${signedAtMs}` }), /more than 5 minutes off/);
    const { authorization = '', ...rest } = aksk();
    const fewer = authorization.replace('content-type;host', 'host');
    await expectUnauthorized({ ...rest, authorization: fewer }, /^Expected SignedHeaders/);
    await expectUnauthorized(
      { ...rest, authorization: 'CNC-HMAC-SHA256 nonsense' },
      /^Expected Authorization/,
    );
  });
});

describe('both schemes', () => {
  it('refuses a request without credentials or of another scheme', async () => {
    await expectUnauthorized({ date: signedDate }, /^Expected the header Authorization/);
    await expectUnauthorized(
      { date: signedDate, authorization: 'Bearer abc' },
      /^Expected the header Authorization/,
    );
  });

  it('judge GET /cdn/purges/{id} too', async () => {
    const location = (await post(basic())).headers.get('location') ?? '';
    expect((await fetch(location)).status).toBe(401);
    expect((await fetch(location, { headers: basic() })).status).toBe(200);
    const signed = aksk({ method: 'GET', path: new URL(location).pathname, body: '' });
    expect((await fetch(location, { headers: signed })).status).toBe(200);
  });

  it('know the new credentials, and only these, once they are replaced', async () => {
    cdnPro.replaceCredentials({ username: 'ann', apiKey: 'rotated' });
    expect((await post(basic())).status).toBe(401);
    expect((await post(aksk())).status).toBe(401);
    expect((await post(basic({ apiKey: 'rotated' }))).status).toBe(201);
  });
});
