import { describe, purgeOf } from '../ask.ts';
import { type Bench, type Exchange, MeasureError } from '../bench.ts';
import { cannotTell, type Experiment, measured } from '../finding.ts';

/** What every request of a purger may have: the smallest `maxBodyBytes`. */
const smallestBytes = 4096;
const growth = 4;
/** The limit is told to within so many bytes. */
const precision = 1024;
/** CDN Pro takes 2,048 characters; with what is around it in JSON. */
const bytesOfUrl = 2048;
const lengthOfUrl = bytesOfUrl - 8;
/** The other fields of a request. */
const bytesOfFields = 256;

/**
 * How large a body CDN Pro takes, up to what the purger would send. It grows from what was accepted, by spaces, each time
 * for one token; at the end a request of that size with as few URLs as possible confirms it.
 */
export function bodyLimit({
  maxBodyBytes,
  maxFileUrls,
}: {
  readonly maxBodyBytes: number;
  readonly maxFileUrls: number;
}): Experiment {
  const sizes = sizesUpTo(maxBodyBytes);
  const halvings = Math.ceil(Math.log2(maxBodyBytes / precision));
  const mostUrls = Math.min(maxFileUrls, Math.ceil(maxBodyBytes / bytesOfUrl));
  const requests = sizes.length + halvings;
  return {
    name: 'largest body',
    cost: { requests: requests + 1, files: requests + mostUrls, seconds: 10 },
    async run(bench) {
      const { fits, refused } = await search(bench, sizes);
      if (fits === 0) return cannotTell(`not even ${smallestBytes} bytes were accepted`, refused?.said);
      const count = Math.min(mostUrls, Math.max(1, Math.floor((fits - bytesOfFields) / bytesOfUrl)));
      const urls = bench.urls(count, lengthOfUrl);
      const answer = await send(bench, urls, Math.min(fits, count * bytesOfUrl + bytesOfFields));
      const confirmed = `${urls.length} long URLs in a body of about that size: ${describe(answer)}`;
      if (answer.status !== 201) {
        return cannotTell(`${fits} bytes were accepted with spaces in them, and not with URLs`, confirmed);
      }
      const facts = { acceptedBytes: fits, ...(refused !== undefined && { refusedBytes: refused.bytes }) };
      if (refused === undefined) {
        return measured(`${fits} bytes or more, which is \`maxBodyBytes\``, confirmed, facts);
      }
      const evidence = `${refused.bytes} bytes: ${refused.said}; ${confirmed}`;
      return measured(`${fits} bytes, to within ${precision}`, evidence, facts);
    },
  };
}

function sizesUpTo(largest: number): readonly number[] {
  const sizes = [];
  for (let bytes = smallestBytes; bytes < largest; bytes *= growth) sizes.push(bytes);
  return [...sizes, largest];
}

interface Refused {
  readonly bytes: number;
  readonly said: string;
}

/** @returns the largest size that was accepted, and the smallest that was refused */
async function search(
  bench: Bench,
  sizes: readonly number[],
): Promise<{ readonly fits: number; readonly refused: Refused | undefined }> {
  let fits = 0;
  let refused: Refused | undefined;
  const attempt = async (bytes: number) => {
    const answer = await send(bench, bench.urls(1), bytes);
    if (answer.status === 201) fits = bytes;
    else refused = { bytes, said: refusalOf(answer) };
  };
  for (const bytes of sizes) if (refused === undefined) await attempt(bytes);
  while (fits > 0 && refused !== undefined && refused.bytes - fits > precision) {
    await attempt(Math.floor((fits + refused.bytes) / 2));
  }
  return { fits, refused };
}

/** @throws MeasureError where it says nothing about the size */
function refusalOf(answer: Exchange): string {
  if (answer.status === 413 || answer.status === 400 || answer.status === 403) return describe(answer);
  throw new MeasureError(`a body was not accepted, and not refused either: ${describe(answer)}`);
}

/** Sends a purge whose body has so many bytes, by spaces where its URLs are shorter. */
function send(bench: Bench, urls: readonly string[], bytes: number): Promise<Exchange> {
  const body = JSON.stringify(purgeOf(urls));
  const padded = `${body.slice(0, -1).padEnd(bytes - 1)}}`;
  return bench.post(padded, { files: urls.length, dirs: 0 });
}
