import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largeQuotas } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';

const deployedHost = 'https://www.example.com';
let cdnPro: CdnPro;

beforeAll(async () => {
  cdnPro = await startCdnPro({
    credentials: { username: 'ann', apiKey: 'ann-key' },
    deployedHosts: {
      production: ['www.example.com', 'test.domain.com', 'a.b'],
      staging: ['staging.example.com'],
    },
    limit: { requests: 10_000, perSeconds: 1 },
    bucket: { perMinute: 60_000, burst: 60_000 },
    quotas: largeQuotas,
  });
});
afterAll(() => cdnPro.stop());

async function postRaw(body: string | Uint8Array<ArrayBuffer>) {
  const date = new Date().toUTCString();
  const password = createHmac('sha1', 'ann-key').update(date).digest('base64');
  const authorization = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
  const accepted = cdnPro.purges.length;
  const response = await fetch(`${cdnPro.url}/cdn/purges`, {
    method: 'POST',
    headers: { date, authorization },
    body,
  });
  const text = await response.text();
  expect(cdnPro.purges.length).toBe(accepted + (response.status === 201 ? 1 : 0));
  expect(response.headers.get('x-cnc-request-id')).toMatch(/\S/);
  return { status: response.status, error: text === '' ? undefined : JSON.parse(text) };
}

function post(fields: Record<string, unknown>) {
  return postRaw(JSON.stringify({ target: 'production', ...fields }));
}

async function expectAccepted(fields: Record<string, unknown>) {
  expect(await post(fields)).toEqual({ status: 201, error: undefined });
}

async function expectInvalid(fields: Record<string, unknown>, message: RegExp) {
  const error = { code: 'InvalidRequest', message: expect.stringMatching(message) };
  expect(await post(fields)).toEqual({ status: 400, error });
}

async function expectInvalidUrl(fields: Record<string, unknown>, message: string) {
  expect(await post(fields)).toEqual({ status: 400, error: { code: 'InvalidPurgeUrl', message } });
}

function urlOf(characters: number): string {
  return `${deployedHost}/`.padEnd(characters, 'a');
}

describe('the body', () => {
  it('may carry every field together', async () => {
    const fields = {
      name: 'a release',
      fileUrls: [`${deployedHost}/a.jpg`, `${deployedHost}/2.txt?q1=1&q2=3`],
      fileHeaders: [{ name: 'customheader1', value: 'test1' }],
      dirUrls: [`${deployedHost}/blog/*`],
      regexPatterns: ['https://test.domain.com/my.*\\.(jpg|png)\\?q='],
      action: 'delete',
      webhook: '5dca2205f9e9cc0001df7b33',
    };
    await expectAccepted(fields);
    expect(cdnPro.purges.at(-1)?.body).toEqual({ target: 'production', ...fields });
  });

  it.each(['', '{', 'null', '[]', '"text"', '1'])('is refused when it is %j', async (body) => {
    const { status, error } = await postRaw(body);
    expect({ status, code: error.code }).toEqual({ status: 400, code: 'InvalidRequest' });
    expect(error.message).toMatch(/^The body is not JSON|^body: /);
  });

  it('is refused when it is not UTF-8', async () => {
    const body = Buffer.from(
      `{"target":"production","name":"caf\xe9","fileUrls":["${deployedHost}/"]}`,
      'latin1',
    );
    expect((await postRaw(new Uint8Array(body))).error.message).toBe('The body is not JSON in UTF-8.');
  });

  it('needs something to purge', async () => {
    const message = /^There is nothing to purge/;
    await expectInvalid({}, message);
    await expectInvalid({ fileUrls: [], dirUrls: [], regexPatterns: [] }, message);
    await expectInvalid({ fileHeaders: [{ name: 'a', value: 'b' }] }, message);
  });

  it.each([
    ['target', { target: undefined }],
    ['target', { target: 'Production' }],
    ['target', { target: null }],
    ['action', { action: 'purge' }],
    ['action', { action: 1 }],
    ['name', { name: 7 }],
    ['webhook', { webhook: {} }],
    ['webhook', { webhook: '' }],
    ['fileUrls', { fileUrls: `${deployedHost}/a` }],
    ['fileUrls[1]', { fileUrls: [`${deployedHost}/a`, 2] }],
    ['dirUrls', { dirUrls: {} }],
    ['dirUrls[0]', { dirUrls: [null] }],
    ['regexPatterns', { regexPatterns: true }],
    ['fileHeaders', { fileHeaders: { name: 'a', value: 'b' } }],
    ['fileHeaders[0].value', { fileHeaders: [{ name: 'a' }] }],
    ['fileHeaders[0].name', { fileHeaders: [{ name: 'a b', value: 'c' }] }],
    ['fileHeaders[0].value', { fileHeaders: [{ name: 'a', value: 'b\nc' }] }],
    ['fileHeaders[0]', { fileHeaders: [{ name: 'a', value: 'b', extra: 1 }] }],
    ['body', { urls: [] }],
  ])('is refused for its %s: %j', async (field, fields) => {
    const start = `${field}: `.replaceAll(/[[\].]/g, '\\$&');
    await expectInvalid({ fileUrls: [`${deployedHost}/a`], ...fields }, new RegExp(`^${start}`));
  });

  it('may name each target and action', async () => {
    for (const action of ['delete', 'invalidate'])
      await expectAccepted({ action, fileUrls: [`${deployedHost}/a`] });
    await expectAccepted({ target: 'staging', fileUrls: ['https://staging.example.com/a'] });
  });
});

describe.each(['fileUrls', 'dirUrls'])('%s', (field) => {
  it('hold http and https URLs, ports and queries, in any number of ways', async () => {
    await expectAccepted({
      [field]: [
        `${deployedHost}/`,
        'http://www.example.com/a/b.c',
        `${deployedHost}:8443/a`,
        `${deployedHost}/a?b=c&d=e/f`,
        `${deployedHost}/%E2%82%AC`,
      ],
    });
    await expectAccepted({ [field]: [`${deployedHost}/-._~!$&'()+,;=:@`, 'https://WWW.example.com/'] });
  });

  it.each([
    'www.example.com/a',
    '//www.example.com/a',
    'ftp://www.example.com/a',
    'HTTPS://www.example.com/',
    'https:///a',
    '',
  ])('refuse %j, which is not an absolute http or https URL', async (url) => {
    await expectInvalid(
      { [field]: [`${deployedHost}/good`, url] },
      new RegExp(`^${field}\\[1\\]: URLs must begin with http`),
    );
  });

  it('take URLs of 10 to 2048 characters', async () => {
    await expectAccepted({ [field]: ['http://a.b', urlOf(2048)] });
    await expectInvalid(
      { [field]: ['http://a.'] },
      new RegExp(`^${field}\\[0\\]: A URL has at least 10 characters`),
    );
    await expectInvalid(
      { [field]: [urlOf(2049)] },
      new RegExp(`^${field}\\[0\\]: A URL can be up to 2048 characters`),
    );
  });

  it.each([...'[]{}`|^<>"\\ #', '\t', '\u007f', 'é', '💡'])('refuse an unencoded %j', async (letter) => {
    const url = `${deployedHost}/a${letter}b`;
    const message = `The purge URL '${url}' is invalid. Special letters need to be encoded.`;
    await expectInvalidUrl({ [field]: [url] }, message);
    await expectAccepted({ [field]: [`${deployedHost}/a${encodeURIComponent(letter)}b`] });
  });

  it.each(['%', '%2', '%zz', 'a%2gb', '100%', '%e9'])(
    'refuse %j, whose percent sign encodes nothing',
    async (name) => {
      const url = `${deployedHost}/${name}`;
      const message = `The purge URL '${url}' is invalid. Special letters need to be encoded.`;
      await expectInvalidUrl({ [field]: [url] }, message);
    },
  );

  it("refuse the two URLs of the vendor's table of errors in its words", async () => {
    await expectInvalidUrl(
      { [field]: ['http://domain.info/newfile[1]{tes`|t^}p.png'] },
      "The purge URL 'http://domain.info/newfile[1]{tes`|t^}p.png' is invalid. Special letters need to be encoded.",
    );
    await expectInvalidUrl(
      { [field]: ['http://domain.info/i/image/gallery/123%abc.jpg'] },
      "The purge URL 'http://domain.info/i/image/gallery/123%abc.jpg' is invalid. Special letters need to be encoded.",
    );
  });

  it("refuse a host that is not deployed in the target environment, in the vendor's words", async () => {
    await expectInvalidUrl(
      { [field]: ['http://test.domain.info/a'] },
      "The host 'test.domain.info' has not been deployed in the 'production' environment.",
    );
    await expectInvalidUrl(
      { target: 'staging', [field]: [`${deployedHost}/a`] },
      "The host 'www.example.com' has not been deployed in the 'staging' environment.",
    );
  });

  it('refuse the whole request for the first bad URL', async () => {
    const bad = [`${deployedHost}/ok`, `${deployedHost}/a b`, 'https://unknown.example.com/'];
    const message = `The purge URL '${deployedHost}/a b' is invalid. Special letters need to be encoded.`;
    await expectInvalidUrl({ [field]: bad }, message);
  });
});

describe('fileUrls alone', () => {
  it('refuse an asterisk', async () => {
    await expectInvalid(
      { fileUrls: [`${deployedHost}/a*.jpg`] },
      /^fileUrls\[0\]: File URLs should not contain the asterisk/,
    );
  });

  it('are at most 1,000', async () => {
    const fileUrls = Array.from({ length: 1001 }, (_, i) => `${deployedHost}/${i}`);
    await expectAccepted({ fileUrls: fileUrls.slice(1) });
    await expectInvalid({ fileUrls }, /^fileUrls: expected at most 1000 items/);
  });

  it('go with each header name once', async () => {
    const fileHeaders = ['Accept', 'accept'].map((name) => ({ name, value: 'x' }));
    expect(await post({ fileUrls: [`${deployedHost}/a`], fileHeaders })).toEqual({
      status: 400,
      error: {
        code: 'DuplicateFileHeaderName',
        message: 'Multiple headers with same name are not allowed in fileHeaders.',
      },
    });
  });
});

describe('dirUrls alone', () => {
  it('may hold asterisks, but not in the place of a host', async () => {
    await expectAccepted({
      dirUrls: [`${deployedHost}/**`, `${deployedHost}/a*b/*.jpg`, `${deployedHost}/my**jpg`],
    });
    await expectInvalidUrl(
      { dirUrls: ['https://*.example.com/'] },
      "The host '*.example.com' has not been deployed in the 'production' environment.",
    );
  });

  it('are at most 20', async () => {
    const dirUrls = Array.from({ length: 21 }, (_, i) => `${deployedHost}/${i}/*`);
    await expectAccepted({ dirUrls: dirUrls.slice(1) });
    await expectInvalid({ dirUrls }, /^dirUrls: expected at most 20 items/);
  });
});

describe('regexPatterns', () => {
  it.each([
    'http://www.example.com/',
    'https://www.example.com/a+b*',
    'any://www.example.com/a{1,59}',
    'https://www.example.com/a{3}b{2,}c+',
    'https://www.example.com/\\*\\+\\**\\++',
    'https://www.example.com/[*+{2,}]*[\\]+*]+',
    'https://www.example.com/a\\{1,99\\}',
    'https://www.example.com/a*?b+?',
    'https://www.example.com/a?b?c?',
    `https://www.example.com/${'a'.repeat(125)}`,
  ])('accept %s', async (pattern) => {
    await expectAccepted({ regexPatterns: [pattern] });
  });

  it.each([
    ['ftp://www.example.com/a', 'must begin with {scheme}'],
    ['www.example.com/a', 'must begin with {scheme}'],
    ['https?://www.example.com/a', 'must begin with {scheme}'],
    ['https://www.example.com', 'must begin with {scheme}'],
    ['https://www\\.example\\.com/a', 'must begin with {scheme}'],
    ['https://.*/a', 'must begin with {scheme}'],
    ['^https://www.example.com/a', 'must begin with {scheme}'],
    [`https://www.example.com/${'a'.repeat(126)}`, 'can be up to 126 characters, this one has 127'],
    ['https://www.example.com/a*b+c*', 'up to 2 unlimited quantifiers, this one has 3'],
    ['https://www.example.com/a{1,}b{2,}c{3,}', 'up to 2 unlimited quantifiers, this one has 3'],
    ['https://www.example.com/[*]*\\\\*(a+)', 'up to 2 unlimited quantifiers, this one has 3'],
    ['https://www.example.com/a{1,60}', 'cannot be more than 59, this one has 60'],
    ['https://www.example.com/a{60}', 'cannot be more than 59, this one has 60'],
    ['https://www.example.com/(a', 'does not compile'],
    ['https://www.example.com/a**', 'does not compile'],
    ['https://www.example.com/[b-a]', 'does not compile'],
    ['https://www.example.com/a{5,2}', 'does not compile'],
  ])('refuse %s: %s', async (pattern, reason) => {
    const { status, error } = await post({ regexPatterns: [`${deployedHost}/fine`, pattern] });
    expect({ status, code: error.code }).toEqual({ status: 400, code: 'InvalidRequest' });
    expect(error.message).toContain(`regexPatterns[1]: `);
    expect(error.message).toContain(reason);
  });

  it('are at most 2', async () => {
    await expectAccepted({ regexPatterns: [`${deployedHost}/a`, `${deployedHost}/b`] });
    await expectInvalid(
      { regexPatterns: [`${deployedHost}/a`, `${deployedHost}/b`, `${deployedHost}/c`] },
      /^regexPatterns: expected at most 2/,
    );
  });

  it('name a host that is deployed', async () => {
    await expectInvalidUrl(
      { regexPatterns: ['any://test.domain.info/a'] },
      "The host 'test.domain.info' has not been deployed in the 'production' environment.",
    );
  });
});
