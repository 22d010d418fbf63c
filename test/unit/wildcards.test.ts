import { describe, expect, it } from 'vitest';
import type { CacheKey, CacheKeyAdditions } from '../../local/edge/cache-key.ts';
import { dirUrlMatcher, purgeMatcher, regexMatcher } from '../../local/edge/purge-matcher.ts';

const BASE = 'http://test.domain2.com';

function key(path: string, headers: Record<string, string> = {}): CacheKey {
  return { url: path.startsWith('http') ? path : `${BASE}${path}`, headers };
}

/** Each row of the table of examples in the vendor's page "Create a purge request", then cases at its edges. */
const rows: { dirUrl: string; covers: string[]; leaves: string[] }[] = [
  {
    dirUrl: '/mydir',
    covers: ['/mydir', '/mydir?a=b'],
    leaves: ['/mydir/', '/mydir/a.jpg', '/mydir/sub/a.jpg', '/mydir2', '/mydir/?a=b', '/my', '/MYDIR', '/'],
  },
  {
    dirUrl: '/mydir/**',
    covers: ['/mydir/', '/mydir/a.jpg', '/mydir/sub/', '/mydir/sub/deep/a.jpg', '/mydir/a?b=c', '/mydir/*'],
    leaves: ['/mydir', '/mydir2/a.jpg', '/other/mydir/a.jpg', 'https://test.domain2.com/mydir/a.jpg'],
  },
  {
    dirUrl: '/mydir/*',
    covers: ['/mydir/a.jpg', '/mydir/b', '/mydir/a.jpg?b=c'],
    leaves: [
      '/mydir',
      '/mydir/',
      '/mydir/?b=c',
      '/mydir/sub/',
      '/mydir/sub/a.jpg',
      '/mydir/sub%2Fa.jpg',
      '/mydir/sub%2fa.jpg',
      '/mydir/a.jpg?b=/c',
    ],
  },
  {
    dirUrl: '/mydir/*.jpg',
    covers: ['/mydir/a.jpg', '/mydir/.jpg', '/mydir/a.b.jpg', '/mydir/a?b=c.jpg'],
    leaves: ['/mydir/a.jpeg', '/mydir/a.jpg?b=c', '/mydir/sub/a.jpg', '/mydir/jpg', '/mydir/a.JPG'],
  },
  {
    dirUrl: '/mydir/a*',
    covers: ['/mydir/a', '/mydir/a.jpg', '/mydir/abc', '/mydir/a?b=c'],
    leaves: ['/mydir/b', '/mydir/ab/c.jpg', '/mydir/a/', '/mydir/', '/mydir/ba'],
  },
  {
    dirUrl: '/mydir/a**',
    covers: ['/mydir/a', '/mydir/a.jpg', '/mydir/ab/c.jpg', '/mydir/a/b/c', '/mydir/a/'],
    leaves: ['/mydir/b', '/mydir/b/a', '/mydir/', '/mydir'],
  },
  {
    dirUrl: '/mydir/a.jpg',
    covers: ['/mydir/a.jpg', '/mydir/a.jpg?b=c'],
    leaves: ['/mydir/aXjpg', '/mydir/a.jpg/', '/mydir/A.jpg'],
  },
  {
    dirUrl: '/my**jpg',
    covers: ['/mydirectory/picture.jpg', '/myjpg', '/my/a/b/c.jpg', '/my.jpg'],
    leaves: ['/mydirectory/picture.png', '/mjpg', '/m/my.jpg', '/mydirectory/picture.jpg?a=b'],
  },
  // Only the last run of asterisks is a wildcard.
  { dirUrl: '/a*b/*', covers: ['/a*b/c'], leaves: ['/aXb/c', '/ab/c', '/a*b/c/d', '/a*b/'] },
  { dirUrl: '/a**b/*.jpg', covers: ['/a**b/c.jpg'], leaves: ['/aXYb/c.jpg', '/a*b/c.jpg'] },
  { dirUrl: '/a*b/**', covers: ['/a*b/c/d', '/a*b/'], leaves: ['/ab/c', '/aXb/c'] },
  { dirUrl: '/a**b**', covers: ['/a**b', '/a**b/c/d'], leaves: ['/ab', '/a/b/c'] },
  { dirUrl: '/a***', covers: ['/a*', '/a*b/c'], leaves: ['/a', '/ab'] },
  { dirUrl: '/a* *', covers: ['/a* ', '/a* b'], leaves: ['/a', '/ab '] },
  // What stands before and after a wildcard cannot overlap.
  { dirUrl: '/aba**ba', covers: ['/ababa', '/aba/ba'], leaves: ['/aba'] },
  { dirUrl: '/aba*ba', covers: ['/ababa', '/abaXba'], leaves: ['/aba', '/aba/ba'] },
  // Letters that mean something to regular expressions mean nothing here.
  { dirUrl: '/(a|b)+.$*', covers: ['/(a|b)+.$', '/(a|b)+.$c'], leaves: ['/a', '/aa.c'] },
  {
    dirUrl: '/**',
    covers: ['/', '/a', '/a/b?c=d'],
    leaves: ['https://test.domain2.com/a', 'http://test.domain2.com'],
  },
];

describe.each(rows)('the directory URL $dirUrl', ({ dirUrl, covers, leaves }) => {
  const matches = dirUrlMatcher(`${BASE}${dirUrl}`);
  it.each(covers)('covers %s', (path) => expect(matches(key(path).url)).toBe(true));
  it.each(leaves)('leaves %s', (path) => expect(matches(key(path).url)).toBe(false));
});

describe('a regular expression', () => {
  it.each([
    ['https://test.domain.com/my.*\\.(jpg|png)\\?q=', 'https://test.domain.com/mydir/a.png?q=7', true],
    ['https://test.domain.com/my.*\\.(jpg|png)\\?q=', 'https://test.domain.com/mydir/a.png', false],
    ['https://test.domain.com/my.*\\.(jpg|png)\\?q=', 'http://test.domain.com/my.jpg?q=', false],
    ['any://test.domain.com/my', 'http://test.domain.com/my', true],
    ['any://test.domain.com/my', 'https://test.domain.com/mydir/a', true],
    ['any://test.domain.com/my', 'any://test.domain.com/my', false],
    ['any://test.domain.com/my', 'https://test.domain.com/a/my', false],
    ['any://test.domain.com/my$', 'https://test.domain.com/mydir', false],
    ['https://test.domain.com/a', 'https://testXdomain.com/a', false],
    ['https://test.domain.com/a', 'https://test.domain.com.evil.com/a', false],
    ['https://test.domain.com/a|b', 'https://test.domain.com/b', false],
    ['https://test.domain.com/(a|b)', 'https://test.domain.com/b', true],
    ['ftp://test.domain.com/a', 'ftp://test.domain.com/a', false],
  ])('%s covers %s: %s', (pattern, url, expected) => {
    expect(regexMatcher(pattern)(url)).toBe(expected);
  });
});

describe('a purge request', () => {
  const german = key('/a', { 'accept-language': 'de', 'x-device': '' });
  const plain = key('/a', { 'accept-language': '', 'x-device': '' });

  function covers(
    fields: Omit<Parameters<typeof purgeMatcher>[0], 'target'>,
    subject: CacheKey,
    additions: CacheKeyAdditions = { scheme: true, query: 'all' },
  ): boolean {
    return purgeMatcher({ target: 'production', ...fields }, additions)(subject);
  }

  it('covers what any of its lists covers', () => {
    const fields = {
      fileUrls: [`${BASE}/a`, `${BASE}/b`],
      dirUrls: [`${BASE}/c/*`, `${BASE}/d**`],
      regexPatterns: ['any://test.domain2.com/[ef]$'],
    };
    const paths = ['/a', '/b', '/c/x', '/d/x/y', '/e', '/f', '/g', '/a/', '/a?b'];
    expect(paths.filter((path) => covers(fields, key(path)))).toEqual(paths.slice(0, 6));
  });

  it('covers file URLs to the letter: scheme, case and query', () => {
    const fields = { fileUrls: [`${BASE}/a?b=c&d=e`] };
    expect(covers(fields, key('/a?b=c&d=e'))).toBe(true);
    for (const path of ['/a?d=e&b=c', '/a', '/A?b=c&d=e', 'https://test.domain2.com/a?b=c&d=e']) {
      expect(covers(fields, key(path))).toBe(false);
    }
  });

  it("covers by the vendor's key neither scheme nor query, whatever it names", () => {
    const entry = key('https://test.domain2.com/a/b');
    const byDefault = (fields: Omit<Parameters<typeof purgeMatcher>[0], 'target'>) =>
      covers(fields, entry, {});
    expect(byDefault({ fileUrls: [`${BASE}/a/b?c=d`] })).toBe(true);
    expect(byDefault({ fileUrls: [`${BASE}:80/a/b`] })).toBe(true);
    expect(byDefault({ dirUrls: [`${BASE}/a/*`] })).toBe(true);
    expect(byDefault({ dirUrls: [`${BASE}/a/b?c=d`] })).toBe(true);
    expect(byDefault({ dirUrls: [`${BASE}/a/b?*`] })).toBe(false);
    expect(byDefault({ regexPatterns: ['http://test.domain2.com/a'] })).toBe(true);
    expect(byDefault({ fileUrls: ['http://other.domain2.com/a/b'] })).toBe(false);
    const hosts = { 'other.domain2.com': 'test.domain2.com' };
    expect(covers({ fileUrls: ['http://other.domain2.com/a/b'] }, entry, { hosts })).toBe(true);
    expect(covers({ dirUrls: ['http://other.domain2.com/**'] }, entry, { hosts })).toBe(true);
    expect(covers({ regexPatterns: ['any://other.domain2.com/a'] }, entry, { hosts })).toBe(true);
  });

  it('covers with file headers the one version that they name', () => {
    const fileUrls = [`${BASE}/a`];
    const fields = { fileUrls, fileHeaders: [{ name: 'Accept-Language', value: 'de' }] };
    expect(covers(fields, german)).toBe(true);
    expect(covers(fields, plain)).toBe(false);
    expect(covers({ fileUrls, fileHeaders: [{ name: 'accept-language', value: 'fr' }] }, german)).toBe(false);
    const both = [...fields.fileHeaders, { name: 'x-device', value: 'mobile' }];
    expect(covers({ fileUrls, fileHeaders: both }, german)).toBe(false);
    const irrelevant = [...fields.fileHeaders, { name: 'x-other', value: '1' }];
    expect(covers({ fileUrls, fileHeaders: irrelevant }, german)).toBe(true);
  });

  it('covers without file headers the version of a request without these headers', () => {
    const fields = { fileUrls: [`${BASE}/a`] };
    expect(covers(fields, plain)).toBe(true);
    expect(covers(fields, german)).toBe(false);
  });

  it('covers all versions with a directory URL or a regular expression, whatever the file headers', () => {
    const fileHeaders = [{ name: 'accept-language', value: 'fr' }];
    for (const version of [german, plain]) {
      expect(covers({ dirUrls: [`${BASE}/a`], fileHeaders }, version)).toBe(true);
      expect(covers({ regexPatterns: ['http://test.domain2.com/a'], fileHeaders }, version)).toBe(true);
    }
  });
});
