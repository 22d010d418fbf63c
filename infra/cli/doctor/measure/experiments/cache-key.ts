import { accepted, purgeIdOf } from '../ask.ts';
import { type Bench, MeasureError } from '../bench.ts';
import type { AskEdge, CacheAnswer } from '../edge.ts';
import { cannotTell, type Experiment, type Facts, measured } from '../finding.ts';

/** Another spelling of a URL. */
export interface Spelling {
  readonly what: 'scheme' | 'host case' | 'query string' | 'percent-encoding' | 'host';
  readonly url: string;
}

const everyMs = 15_000;
const mostReads = 60;

/** A spelling, and whether the edge had it. */
interface Asked extends Spelling {
  readonly cache: CacheAnswer;
}

/** @returns the spellings of a URL that a cache might take for the same */
export function spellingsOf(url: string, otherHosts: readonly string[]): readonly Spelling[] {
  const [, scheme = '', host = '', path = ''] = /^(https?):\/\/([^/?#]+)([^?#]*)/.exec(url) ?? [];
  const encoded = path.replace(/[a-z](?=[^/]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  const withPath = (other: string, ownPath = path) => `${scheme}://${other}${ownPath}`;
  return [
    { what: 'scheme', url: `${scheme === 'https' ? 'http' : 'https'}://${host}${path}` },
    { what: 'host case', url: withPath(host.toUpperCase()) },
    { what: 'query string', url: `${withPath(host)}?cdn-purger=1` },
    ...(encoded === path ? [] : [{ what: 'percent-encoding', url: withPath(host, encoded) } as const]),
    ...otherHosts.map((other) => ({ what: 'host', url: withPath(other) }) as const),
  ];
}

/**
 * What is one entry of the cache. All spellings are purged; then the URL is asked for until the edge has it, and each
 * spelling once: what is a hit now can only be the same entry.
 * @param url a page that the edges of staging keep
 */
export function cacheKey(url: string, otherHosts: readonly string[], ask: AskEdge): Experiment {
  const spellings = spellingsOf(url, otherHosts);
  return {
    name: 'cache key',
    cost: {
      requests: mostReads + 1,
      files: spellings.length + 1,
      seconds: (mostReads * everyMs) / 1000,
    },
    async run(bench) {
      const urls = [url, ...spellings.filter(({ what }) => what !== 'host case').map((each) => each.url)];
      await finished(bench, purgeIdOf(await accepted(bench, urls)) ?? '');
      const [first, second] = [await ask(url), await ask(url)];
      if (first !== 'miss' || second !== 'hit') {
        return cannotTell(
          'the page is not one that the edge keeps, or it does not say `x-cache-status`',
          `after its purge it was a ${first}, then a ${second}`,
        );
      }
      const seen: Asked[] = [];
      for (const spelling of spellings) seen.push({ ...spelling, cache: await ask(spelling.url) });
      const one = seen.filter(({ cache }) => cache === 'hit');
      const apart = seen.filter(({ cache }) => cache === 'miss');
      const names = (list: readonly Asked[]) =>
        list.map(({ what, url }) => (what === 'host' ? new URL(url).host : what)).join(', ') || 'none';
      const evidence = seen.map(({ what, cache }) => `${what}: ${cache}`).join(', ');
      return measured(`one entry whatever the: ${names(one)}; apart by: ${names(apart)}`, evidence, {
        cacheKey: factsOf(url, seen),
      });
    },
  };
}

async function finished(bench: Bench, id: string): Promise<void> {
  for (let reads = 0; reads < mostReads; reads++) {
    const { status, body } = await bench.get(`/cdn/purges/${encodeURIComponent(id)}`);
    if (status === 200 && /"status"\s*:\s*"finished"/.test(body)) return;
    await bench.sleep(everyMs);
  }
  throw new MeasureError('the purge of the page has not finished');
}

function factsOf(url: string, seen: readonly Asked[]): NonNullable<Facts['cacheKey']> {
  const scheme = seen.find(({ what }) => what === 'scheme')?.cache;
  const sharing = seen.filter(({ what, cache }) => what === 'host' && cache === 'hit');
  return {
    ...((scheme === 'hit' || scheme === 'miss') && { scheme: scheme === 'miss' }),
    ...(sharing.length > 0 && {
      sharing: [url, ...sharing.map((each) => each.url)].map((each) => new URL(each).host),
    }),
  };
}
