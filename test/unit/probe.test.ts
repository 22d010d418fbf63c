import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../../functions/core/proving/judge.ts';
import type { Probe } from '../../functions/core/proving/probe.ts';
import { askServer } from '../../functions/probe/ask.ts';
import { findServer } from '../../functions/probe/find-server.ts';
import { createProber, type ProbePorts } from '../../functions/probe/probe-urls.ts';
import { isPublic } from '../../functions/probe/public-address.ts';

describe('where a URL is asked for', () => {
  const find = (url: string, vantage: string, ...addresses: readonly string[]) =>
    findServer(new URL(url), vantage, {
      hosts: ['h.example', '*.sites.example'],
      lookup: async (host) => {
        if (addresses.length === 0) throw new Error(`queryA ENOTFOUND ${host}`);
        return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      },
    });

  test('is where its host leads, of several addresses an IPv4 one', async () => {
    expect(await find('https://h.example/', 'dns', '2606:4700::1', '93.184.215.14')).toEqual({
      protocol: 'https:',
      address: '93.184.215.14',
      port: 443,
    });
  });

  test.each([
    ['203.0.113.7', { protocol: 'https:', address: '203.0.113.7', port: 443 }],
    ['203.0.113.7:8443', { protocol: 'https:', address: '203.0.113.7', port: 8443 }],
    ['[2001:db8::7]', { protocol: 'https:', address: '2001:db8::7', port: 443 }],
    ['10.0.0.7', { protocol: 'https:', address: '10.0.0.7', port: 443 }],
    ['edge.example.net', { protocol: 'https:', address: '10.9.9.9', port: 443 }],
    ['http://127.0.0.1:4000', { protocol: 'http:', address: '127.0.0.1', port: 4000 }],
  ])('is a configured edge, wherever it is: %s', async (vantage, expected) => {
    expect(await find('https://a.sites.example/', vantage, '10.9.9.9')).toEqual(expected);
  });

  test.each([
    ['https://other.example/', '93.184.215.14', /is not among the rules' hosts/],
    ['https://h.example.evil.example/', '93.184.215.14', /is not among the rules' hosts/],
    ['https://h.example@evil.example/', '93.184.215.14', /has a user/],
    ['https://169.254.169.254/', '93.184.215.14', /is not among the rules' hosts/],
    ['https://h.example/', '169.254.169.254', /no public address/],
    ['https://h.example/', '127.0.0.1', /no public address/],
    ['https://h.example/', '10.1.2.3', /no public address/],
    ['https://h.example/', '::ffff:10.1.2.3', /no public address/],
    ['https://h.example/', '', /no public address/],
  ])('is nowhere for %s at %s', async (url, address, reason) => {
    expect(await find(url, 'dns', address)).toEqual({ reason: expect.stringMatching(reason) });
  });

  test('is nowhere where the host is not found', async () => {
    expect(await find('https://h.example/', 'dns')).toEqual({
      reason: 'h.example was not found: queryA ENOTFOUND h.example',
    });
  });

  test.each([
    ['93.184.215.14', true],
    ['2606:4700::1', true],
    ['172.15.0.1', true],
    ['172.31.255.255', false],
    ['100.100.100.200', false],
    ['192.168.0.1', false],
    ['0.0.0.0', false],
    ['239.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['64:ff9b::a00:1', false],
    ['2002:a00:1::', false],
    ['localhost', false],
  ])('%s is public: %s', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });
});

describe('a server', () => {
  /** What some URLs answer; the first is another form of RFC 9110, 5.6.7. */
  const lastModified = new Map([
    ['/rfc850', 'Thursday, 26-Nov-26 12:00:00 GMT'],
    ['/zero', '0'],
    ['/seconds', '1795694400'],
    ['/words', 'never'],
  ]);
  const asked: { readonly method?: string; readonly url?: string; readonly headers: IncomingHttpHeaders }[] =
    [];
  const server = createServer(({ method = '', url = '', headers }, response) => {
    asked.push({ method, url, headers });
    if (url === '/slow') return;
    if (url === '/broken') {
      response.destroy();
      return;
    }
    if (url === '/switched') {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
      return;
    }
    if (url === '/empty' && headers.range !== undefined) {
      response.writeHead(416, { 'content-range': 'bytes */0' }).end();
      return;
    }
    response.writeHead(url === '/elsewhere' ? 302 : 200, {
      etag: '"abc"',
      'last-modified': lastModified.get(url) ?? 'Thu, 26 Nov 2026 12:00:00 GMT',
      'x-via': 'x'.repeat(300),
      'x-entry-version': '7',
      age: '7',
      ...(url === '/elsewhere' && { location: '/b' }),
      ...(url === '/far' && { location: `/${'x'.repeat(200)}` }),
    });
    // Without end: only the head is read.
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (url: string, headers: Probe['headers'] = [], withinMs = 30_000) =>
    askServer(
      new URL(url),
      headers,
      { protocol: 'http:', address: '127.0.0.1', port },
      AbortSignal.timeout(withinMs),
    );

  test.each([
    ['/rfc850', true],
    ['/zero', false],
    ['/seconds', false],
    ['/words', false],
  ])('has a Last-Modified only where it is an HTTP date: %s', async (path, isDate) => {
    const asked = await ask(`http://www.example${path}`);
    if (!('answer' in asked)) throw new Error('Expected an answer');
    expect(asked.answer.lastModifiedMs).toBe(isDate ? Date.UTC(2026, 10, 26, 12) : undefined);
  });

  test('is asked for the first byte as a visitor would, with the public host and the headers of the version', async () => {
    const answer = await ask('https://h.example/a%20b?c=d', [{ name: 'Accept-Language', value: 'de' }]);
    expect(asked.at(-1)).toMatchObject({
      method: 'GET',
      url: '/a%20b?c=d',
      headers: { host: 'h.example', range: 'bytes=0-0', 'accept-language': 'de' },
    });
    const lastModified = 'Thu, 26 Nov 2026 12:00:00 GMT';
    expect(answer).toEqual({
      answer: {
        status: 200,
        etag: '"abc"',
        lastModifiedMs: Date.parse(lastModified),
        setsCookie: false,
        isOfS3: false,
      },
      seen: {
        address: '127.0.0.1',
        status: 200,
        etag: '"abc"',
        lastModified,
        age: '7',
        via: 'x'.repeat(200),
      },
    });
  });

  test('is asked for all of it where it is empty: it has no first byte, and a 416 says nothing of its version', async () => {
    const before = asked.length;
    expect(await ask('https://h.example/empty', [{ name: 'Accept-Language', value: 'de' }])).toMatchObject({
      answer: { status: 200, etag: '"abc"' },
    });
    expect(asked.slice(before).map(({ headers }) => [headers.range, headers['accept-language']])).toEqual([
      ['bytes=0-0', 'de'],
      [undefined, 'de'],
    ]);
  });

  test('is asked for the header that has the version, in any case', async () => {
    const there = { protocol: 'http:', address: '127.0.0.1', port };
    const versionIn = (header: string) =>
      askServer(new URL('https://h.example/'), [], there, AbortSignal.timeout(5000), header);
    expect(await versionIn('X-Entry-Version')).toMatchObject({ answer: { version: '7' } });
    expect(await versionIn('x-other')).not.toHaveProperty('answer.version');
  });

  test('is asked by its public name in TLS, too, whatever its address is', async () => {
    const names: string[] = [];
    const secure = createSecureServer({
      SNICallback(name, callback) {
        names.push(name);
        callback(new Error('no certificate'));
      },
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port: securePort } = secure.address() as AddressInfo;
    const there = { protocol: 'https:', address: '127.0.0.1', port: securePort };
    const answer = await askServer(new URL('https://h.example/'), [], there, AbortSignal.timeout(5000));
    secure.close();
    expect([names, answer]).toEqual([['h.example'], { reason: expect.stringMatching(/^no answer: /) }]);
  });

  test('is not followed elsewhere', async () => {
    const before = asked.length;
    expect(await ask('https://h.example/elsewhere')).toMatchObject({
      answer: { status: 302 },
      seen: { location: '/b' },
    });
    expect(asked.length - before).toBe(1);
    // Cut off, it would lead to another page.
    expect(await ask('https://h.example/far')).not.toHaveProperty('seen.location');
  });

  test.each([
    ['that breaks off', '/broken', [], /^no answer: socket hang up$/],
    ['that switches to another protocol', '/switched', [], /^no answer: the connection was closed$/],
    [
      'is not sent headers of the connection',
      '/',
      [{ name: 'Host', value: 'x' }],
      /^the header Host is not sent$/,
    ],
    [
      'is not sent headers that are none',
      '/',
      [{ name: 'a', value: 'b\nc' }],
      /^no answer: Invalid character/,
    ],
  ])('%s', async (_, path, headers, reason) => {
    expect(await ask(`https://h.example${path}`, headers)).toEqual({
      reason: expect.stringMatching(reason),
    });
  });

  test('that does not answer is given up', async () => {
    expect(await ask('https://h.example/slow', [], 100)).toEqual({ reason: 'no answer in time' });
  });
});

describe('probes', () => {
  const probe = (url: string): Probe => ({ target: 'production', url, shows: { etag: 'abc', sinceMs: 0 } });
  const second = 1000;

  function world(own: Partial<ProbePorts> = {}) {
    const clock = { nowMs: 0 };
    const asked: { readonly url: string; readonly at: number; readonly address: string }[] = [];
    const prober = createProber({
      vantages: { production: ['dns', 'edge'], staging: [] },
      find: async (_, vantage) => ({ protocol: 'https:', address: vantage, port: 443 }),
      ask: async (url, _, { address }) => {
        asked.push({ url: url.href, at: clock.nowMs, address });
        return { answer: { status: 200, etag: '"abc"' }, seen: { address, status: 200 } };
      },
      nowMs: () => clock.nowMs,
      sleep: async (ms) => {
        clock.nowMs += ms;
      },
      ...own,
    });
    return { clock, asked, prober };
  }

  test('ask each vantage point for each URL, and say which', async () => {
    const { prober } = world();
    expect(await prober({ probes: [probe('https://h.example/a')], withinMs: 20_000 })).toEqual({
      verdicts: [
        {
          kind: 'proven',
          seen: [
            { from: 'dns', address: 'dns', status: 200 },
            { from: 'edge', address: 'edge', status: 200 },
          ],
        },
      ],
    });
  });

  test('ask a host once a second, over all vantage points, URLs and calls', async () => {
    const { asked, prober } = world();
    const probes = [probe('https://h.example/a'), probe('http://H.example:80/b')];
    await prober({ probes, withinMs: 20_000 });
    await prober({ probes, withinMs: 20_000 });
    expect(asked.map(({ at }) => at / second)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('that there is no time for are unproven, and their hosts are not asked', async () => {
    const { asked, prober } = world();
    const probes = [probe('https://h.example/a'), probe('https://h.example/b')];
    const { verdicts } = await prober({ probes, withinMs: 6000 });
    expect(verdicts.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['proven', undefined],
      ['unproven', 'there was no time to ask'],
    ]);
    expect(asked).toHaveLength(2);
  });

  test('whose server is not found or does not answer are unproven, and say why', async () => {
    const { prober } = world({
      find: async (_, vantage) =>
        vantage === 'dns' ? { reason: 'not found' } : { protocol: 'https:', address: '1.2.3.4', port: 443 },
      ask: async () => ({ reason: 'no answer in time' }),
    });
    const { verdicts } = await prober({ probes: [probe('https://h.example/a')], withinMs: 20_000 });
    expect(verdicts).toEqual([
      {
        kind: 'unproven',
        reason: 'not found',
        seen: [{ from: 'dns' }, { from: 'edge', address: '1.2.3.4' }],
      },
    ]);
  });

  describe('of a deleted page that is served', () => {
    const deleted: Probe = {
      target: 'production',
      url: 'https://h.example/blog/post.html?a=1',
      shows: { gone: true, sinceMs: 60_000 },
    };
    const page = { status: 200, etag: '"start"', lastModifiedMs: 1000 };

    /** @param missing what is answered for what has never existed */
    async function verdictWith(missing: Answer | string, withinMs = 20_000) {
      const asked: { readonly url: string; readonly at: number }[] = [];
      const { prober, clock } = world({
        vantages: { production: ['dns'], staging: [] },
        ask: async (url) => {
          asked.push({ url: url.href, at: clock.nowMs });
          const answer = url.href === deleted.url ? page : missing;
          return typeof answer === 'string'
            ? { reason: answer }
            : { answer, seen: { status: answer.status } };
        },
      });
      const { verdicts } = await prober({ probes: [deleted], withinMs });
      return { asked, verdict: verdicts[0] };
    }

    test('ask for one next to it that has never existed, a second later, and tell a fallback page', async () => {
      const { asked, verdict } = await verdictWith(page);
      const reason = 'the origin answers with a page that it has for any URL that does not exist';
      expect(verdict).toEqual({ kind: 'unproven', reason, seen: [{ from: 'dns', status: 200 }] });
      expect(asked.map(({ at }) => at / second)).toEqual([0, 1]);
      expect(asked[1]?.url).toMatch(/^https:\/\/h\.example\/blog\/[0-9a-f-]{36}\.html\?a=1$/);
    });

    test.each<[string, Answer | string]>([
      ['is not there', { status: 404 }],
      ['has another ETag', { ...page, etag: '"other"' }],
      ['has another time', { ...page, lastModifiedMs: 2000 }],
      ['has no ETag', { status: 200, lastModifiedMs: 1000 }],
      ['is not answered', 'no answer in time'],
    ])('are stale where the one next to it %s', async (_, missing) => {
      expect((await verdictWith(missing)).verdict?.kind).toBe('stale');
    });

    test('are stale where there is no time to ask again', async () => {
      const { asked, verdict } = await verdictWith(page, 5500);
      expect([asked.length, verdict?.kind]).toEqual([1, 'stale']);
    });
  });
});
