import { normalizeOrigin } from '../../../../functions/core/mapping/urls/url.ts';
import type { FileEntry, PurgeEntry, Target } from '../../../../functions/core/model/types.ts';
import { type CacheKey, cacheKeyWith } from '../../../../functions/core/planning/cache-key.ts';
import { dropCovered } from '../../../../functions/core/planning/cover.ts';

/** One URL, as purge entries are compared with it. */
export interface UrlMatch {
  /** The URL and its other spellings of host that the cache does not tell apart. */
  readonly spellings: readonly string[];
  /** @returns whether an entry purges the URL */
  matches(entry: PurgeEntry): boolean;
}

/**
 * @param only the target in which entries purge it; all where it is missing
 * @returns what compares entries with a URL, as `submit` does: where it is not certain that a directory covers it, it does not
 */
export function matchUrl(url: string, cacheKey: CacheKey = {}, only?: Target): UrlMatch {
  const keyOf = cacheKeyWith(cacheKey);
  const key = keyOf(url);
  const spellings = spellingsOf(url, cacheKey);
  return {
    spellings,
    matches(entry) {
      if (only !== undefined && entry.target !== only) return false;
      if (entry.kind === 'file') return keyOf(entry.url) === key;
      if (entry.kind === 'regex' && spellings.some((spelling) => isMatchedBy(entry.pattern, spelling))) {
        return true;
      }
      const { target, action, webhook } = entry;
      const file: FileEntry = {
        kind: 'file',
        url,
        target,
        action,
        ...(webhook !== undefined && { webhook }),
      };
      const both = [entry, file].map((each) => ({ entry: each, messages: [] }));
      return dropCovered(both, cacheKey).length === 1;
    },
  };
}

/** @returns whether a purge of one entry purges all that another one does, as `submit` decides it */
export function isCoveredBy(entry: PurgeEntry, cover: PurgeEntry, cacheKey: CacheKey = {}): boolean {
  if (entry.target !== cover.target || entry.webhook !== cover.webhook) return false;
  const both = [cover, entry].map((each) => ({ entry: each, messages: [] }));
  const left = dropCovered(both, cacheKey);
  return left.length === 1 && left[0]?.entry === cover;
}

/** In both schemes, and under each host that shares the cache. */
function spellingsOf(url: string, { scheme = false, hosts = {} }: CacheKey): readonly string[] {
  const [origin = '', own = '', host = ''] = /^(https?):\/\/([^/?#]*)/.exec(url) ?? [];
  const shared = Object.entries(hosts)
    .map(([name, others]) => [name, ...others])
    .filter((names) => names.includes(host));
  const schemes = scheme ? [own] : ['http', 'https'];
  const names = new Set([host, ...shared.flat()]);
  return schemes.flatMap((each) => [...names].map((name) => `${each}://${name}${url.slice(origin.length)}`));
}

/** CDN Pro matches from the first slash of the path on, and need not reach the end. */
function isMatchedBy(pattern: string, url: string): boolean {
  const [origin = '', scheme = '', host = ''] = /^(https?|any):\/\/([^/]+)/.exec(pattern) ?? [];
  const start = (scheme === 'any' ? ['http', 'https'] : [scheme])
    .map((each) => normalizeOrigin(`${each}://${host}/`).slice(0, -1))
    .find((each) => url.startsWith(`${each}/`));
  if (start === undefined) return false;
  try {
    return new RegExp(`^(?:${pattern.slice(origin.length)})`).test(url.slice(start.length));
  } catch {
    return false;
  }
}
