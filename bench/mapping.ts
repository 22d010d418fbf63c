import { compile, match } from 'path-to-regexp';
import { compileRules } from '../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../functions/core/mapping/rule.ts';
import type { ObjectChange } from '../functions/core/model/types.ts';

/**
 * Keys per second from an S3 key to the URLs that it makes stale, next to what one would write by hand: path-to-regexp
 * and bare RegExps in a loop. All three do the same work: every rule that matches gives its URL, encoded. The rules
 * do more than that: they check the URL, drop duplicates and tell the scope.
 */
const host = 'https://www.example.com';
const counts = [1, 10, 100] as const;
const rounds = 21;
const roundMs = 40;

type Contender = (change: ObjectChange) => readonly string[];

/** One rule in three languages. Every second one is a plain subtree, the others take a path apart. */
function sources(index: number) {
  return index % 2 === 0
    ? {
        pattern: `site${index}/{+path}`,
        template: `${host}/${index}/{+path}`,
        route: `site${index}/*path`,
        target: `/${index}/*path`,
        regExp: new RegExp(`^site${index}/(.+)$`, 's'),
        url: ([, path = '']: readonly string[]) => `${host}/${index}/${encodePath(path)}`,
      }
    : {
        pattern: `posts${index}/{year}/{slug}.md`,
        template: `${host}/${index}/{year}/{slug}`,
        route: `posts${index}/:year/:slug.md`,
        target: `/${index}/:year/:slug`,
        regExp: new RegExp(`^posts${index}/([^/]+)/([^/]+)\\.md$`),
        url: ([, year = '', slug = '']: readonly string[]) =>
          `${host}/${index}/${encodeURIComponent(year)}/${encodeURIComponent(slug)}`,
      };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function ownRules(count: number): Contender {
  const rules = Array.from({ length: count }, (_, index): Rule => {
    const { pattern, template } = sources(index);
    return { match: { source: 's3', key: pattern }, purge: { fileUrls: [template] } };
  });
  const ruleSet = compileRules({ target: 'production', rules });
  return (change) => ruleSet.map(change).entries.map((entry) => (entry.kind === 'regex' ? '' : entry.url));
}

function pathToRegexp(count: number): Contender {
  const routes = Array.from({ length: count }, (_, index) => {
    const { route, target } = sources(index);
    const options = { decode: (text: string) => text, sensitive: true, trailing: false };
    return { matches: match(route, options), toPath: compile(target) };
  });
  return ({ key }) => {
    const urls: string[] = [];
    for (const { matches, toPath } of routes) {
      const found = matches(key);
      if (found !== false) urls.push(host + toPath(found.params));
    }
    return urls;
  };
}

function bareRegExp(count: number): Contender {
  const all = Array.from({ length: count }, (_, index) => sources(index));
  return ({ key }) => {
    const urls: string[] = [];
    for (const { regExp, url } of all) {
      const found = regExp.exec(key);
      if (found !== null) urls.push(url(found));
    }
    return urls;
  };
}

/** Half of the keys match one rule, spread over all of them; a tenth of these has letters to encode. */
function changesFor(count: number): readonly ObjectChange[] {
  return Array.from({ length: 1000 }, (_, at) => {
    const index = (at * 7) % count;
    const name = at % 20 === 0 ? `größe-${at}` : `page-${at}`;
    const inside =
      index % 2 === 0 ? `site${index}/guides/start/${name}.html` : `posts${index}/2026/${name}.md`;
    const key = at % 2 === 0 ? inside : `assets/img/${at}/${name}.png`;
    return {
      source: 's3',
      action: 'put',
      id: `s3://site/${key}`,
      bucket: 'site',
      key,
      occurredAt: '2026-01-01T00:00:00.000Z',
    };
  });
}

/** Lets the contenders take turns, so that whatever slows the machine down slows each of them. */
function race(contenders: Readonly<Record<string, Contender>>, changes: readonly ObjectChange[]) {
  const perSecond = Object.fromEntries(Object.keys(contenders).map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      perSecond[name]?.push(keysPerSecond(contender, changes));
    }
  }
  return Object.fromEntries(Object.entries(perSecond).map(([name, rates]) => [name, median(rates)]));
}

function keysPerSecond(contender: Contender, changes: readonly ObjectChange[]): number {
  const startMs = performance.now();
  let keys = 0;
  let urls = 0;
  while (performance.now() - startMs < roundMs) {
    for (const change of changes) urls += contender(change).length;
    keys += changes.length;
  }
  if (urls === 0) throw new Error('Expected URLs, got none');
  return (keys / (performance.now() - startMs)) * 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A candidate that gives other URLs than the others is not doing the same work. */
function assertSame(contenders: Readonly<Record<string, Contender>>, changes: readonly ObjectChange[]): void {
  const answers = Object.values(contenders).map((contender) => JSON.stringify(changes.map(contender)));
  if (new Set(answers).size !== 1) throw new Error('The contenders do not give the same URLs');
}

/** @returns whether the goal at 10 rules is met: not slower than path-to-regexp, within 3 times the bare RegExp */
export function main(): boolean {
  console.log(`Keys per second, median of ${rounds} rounds; Node ${process.version}`);
  console.log(
    'rules      cdn-pro-purger    path-to-regexp       bare RegExp   of path-to-regexp   of RegExp',
  );
  let met = true;
  for (const count of counts) {
    const changes = changesFor(count);
    const contenders = { own: ownRules(count), path: pathToRegexp(count), bare: bareRegExp(count) };
    assertSame(contenders, changes);
    const { own = 0, path = 0, bare = 0 } = race(contenders, changes);
    const columns = [
      String(count).padEnd(5),
      ...[own, path, bare].map((rate) => Math.round(rate).toLocaleString('en').padStart(17)),
      `${(own / path).toFixed(2)} x`.padStart(19),
      `${(own / bare).toFixed(2)} x`.padStart(11),
    ];
    console.log(columns.join(' '));
    if (count === 10) met = own >= path && own * 3 >= bare;
  }
  console.log(
    `Goal at 10 rules, at least 1 x path-to-regexp and 0.33 x a bare RegExp: ${met ? 'met' : 'missed'}`,
  );
  return met;
}
