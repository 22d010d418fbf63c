import { counted } from '../../../counted.ts';
import { accepted, describe, purgeOf, readTokens } from '../ask.ts';
import type { Bench } from '../bench.ts';
import { cannotTell, type Experiment, type Facts, measured } from '../finding.ts';

/** Two different sizes: nobody else spends just these. */
const sizes = [3, 5] as const;
/** Somebody may spend something in between. */
const attempts = 3;
/** Before CDN Pro's count is read again. */
const settleMs = 5_000;

/** What a token pays for, and what headers and a refused request cost. */
export const tokenUnit: Experiment = {
  name: 'unit of a token',
  cost: { requests: 2 + 6 * attempts + 6, files: 8 * attempts + 4, seconds: 5 + 10 * attempts + 10 },
  async run(bench) {
    const idle = await spentBy(bench, async () => {});
    if (idle !== 0) return cannotTell('somebody else spends tokens just now', `${idle} within 5 s`);
    let unit: Facts['tokenUnit'];
    let evidence = '';
    for (let attempt = 0; unit === undefined && attempt < attempts; attempt++) {
      const three = await spentBy(bench, () => accepted(bench, bench.urls(sizes[0])));
      const five = await spentBy(bench, () => accepted(bench, bench.urls(sizes[1])));
      evidence = `${sizes[0]} URLs cost ${three}, ${sizes[1]} URLs cost ${five}`;
      if (three === sizes[0] && five === sizes[1]) unit = 'url';
      if (three === 1 && five === 1) unit = 'request';
    }
    if (unit === undefined) return cannotTell('neither URLs nor requests cost that', evidence);
    const headers = [
      { name: 'accept-encoding', value: 'gzip' },
      { name: 'accept-language', value: 'en' },
    ];
    const withHeaders = await spentBy(bench, () =>
      accepted(bench, bench.urls(sizes[0]), { fileHeaders: headers }),
    );
    const { cost: ofRefused, answer } = await refused(bench);
    const more = `${sizes[0]} URLs with two headers cost ${withHeaders}, a refused URL ${ofRefused} (${answer})`;
    const value = unit === 'url' ? 'a URL' : 'a request with any number of URLs';
    return measured(value, `${evidence}, ${more}`, { tokenUnit: unit });
  },
};

async function spentBy(bench: Bench, act: () => Promise<unknown>): Promise<number> {
  const before = await readTokens(bench);
  await act();
  await bench.sleep(settleMs);
  const after = await readTokens(bench);
  return before.files - after.files;
}

/** A host that nobody has: a name of this kind is never registered (RFC 2606). */
const noHost = 'https://cdn-purger.invalid/measure';

async function refused(bench: Bench): Promise<{ readonly cost: string; readonly answer: string }> {
  let answer = '';
  const cost = await spentBy(bench, async () => {
    answer = describe(await bench.post(purgeOf([noHost]), { files: 1, dirs: 0 }));
  });
  return { cost: counted(cost, 'token'), answer };
}
