import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUrls, wholeHosts } from '../../infra/cli/queries/purge-by-hand.ts';
import { parsePurgeRequest } from '../../local/cdn-pro/purges/purge-request.ts';

import { dirUrlMatcher, regexMatcher } from '../../local/edge/purge-matcher.ts';

const scope = { target: 'production', action: 'invalidate' } as const;
const rules = { deployedHosts: { production: ['h.example'], staging: [] }, maxFileUrls: 1000 };

const nastyPath = fc
  .array(
    fc.constantFrom(
      'a',
      'ü',
      ' ',
      '%20',
      '%',
      '%ff',
      '*',
      '**',
      '?',
      '#',
      '[',
      '\\',
      '.',
      '..',
      '/',
      '.*',
      '+',
      '{2}',
      '|',
      '$',
      '^',
      '\u0000',
      '\n',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const url = fc
  .tuple(
    fc.constantFrom(
      'https://h.example/',
      'http://H.example/',
      'any://h.example/',
      'regex:https://h.example/',
      'ftp://h.example/',
      '',
    ),
    nastyPath,
  )
  .map(([start, path]) => start + path);

function compiles(pattern: string): boolean {
  try {
    regexMatcher(pattern);
    return true;
  } catch {
    return false;
  }
}

test('CDN Pro accepts what is taken from the command line, whatever is written there', () => {
  fc.assert(
    fc.property(url, (written) => {
      const { entries, problems } = readUrls([written], scope);
      expect(entries.length + problems.length).toBe(1);
      const [entry] = entries;
      // No document names the dialect of a regex; the simulator takes JavaScript's.
      if (entry === undefined || (entry.kind === 'regex' && !compiles(entry.pattern))) return;
      const list = { file: 'fileUrls', dir: 'dirUrls', regex: 'regexPatterns' }[entry.kind];
      const body = { target: 'production', [list]: [entry.kind === 'regex' ? entry.pattern : entry.url] };
      expect(parsePurgeRequest(Buffer.from(JSON.stringify(body)), rules)).toMatchObject({ ok: true });
    }),
    { numRuns: 1000 },
  );
});

/** Pages that have nothing in common but their host: what purges two of these purges nearly all. */
const unlike = [
  ['zq7', '8Kp'],
  ['zq7/x.html', '8Kp/y.jpg'],
];

const wildcard = fc
  .tuple(
    fc.constantFrom(
      'https://h.example/',
      'https://h.example',
      'any://h.example/',
      'regex:https://h.example/',
    ),
    fc
      .array(
        fc.constantFrom(
          'z',
          'q',
          '8',
          'K',
          '*',
          '**',
          '.*',
          '.+',
          '?',
          '|',
          '(',
          ')',
          '[',
          ']',
          '^',
          '\\w',
          '/',
          '{0,9}',
        ),
        { maxLength: 5 },
      )
      .map((parts) => parts.join('')),
  )
  .map(([start, path]) => start + path);

test('what may purge unlike pages of a host is asked about first', () => {
  fc.assert(
    fc.property(wildcard, (written) => {
      const { entries } = readUrls([written], scope);
      for (const entry of entries) {
        if (entry.kind === 'file' || (entry.kind === 'regex' && !compiles(entry.pattern))) continue;
        const matches = entry.kind === 'dir' ? dirUrlMatcher(entry.url) : regexMatcher(entry.pattern);
        const isWhole = unlike.some((pages) => pages.every((page) => matches(`https://h.example/${page}`)));
        if (isWhole) expect(wholeHosts([entry])).toHaveLength(1);
      }
    }),
    { numRuns: 2000 },
  );
});
