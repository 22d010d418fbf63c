import { describe, expect, it, vi } from 'vitest';
import { createFetchText, FetchError } from '../../functions/receive-webhook/fetch-text.ts';
import { type ScriptedAnswer, startScriptedService } from '../helpers/scripted-service.ts';

/** A clock that moves on by two seconds each time that it is asked. */
function steadyClock(): () => number {
  let nowMs = 0;
  return () => (nowMs += 2000);
}

async function withService(
  script: readonly ScriptedAnswer[],
  use: (url: string, asked: () => number) => Promise<void>,
) {
  const service = await startScriptedService(script);
  try {
    await use(service.url, () => service.requests.length);
  } finally {
    await service.stop();
  }
}

describe('a text that is fetched', () => {
  it('is kept: the same URL is asked once', async () => {
    await withService([{ body: 'certificate' }], async (url, asked) => {
      const fetchText = createFetchText(fetch, steadyClock());
      expect([await fetchText(url), await fetchText(url)]).toEqual(['certificate', 'certificate']);
      expect(asked()).toBe(1);
    });
  });

  it('is not followed to another place', async () => {
    await withService([{ body: 'elsewhere' }], async (elsewhere, askedElsewhere) => {
      const moved = { status: 302, headers: { location: elsewhere } };
      await withService([moved], async (url) => {
        await expect(createFetchText(fetch, steadyClock())(url)).rejects.toThrow();
        expect(askedElsewhere()).toBe(0);
      });
    });
  });

  it('that is an error page is an error, and asked for again', async () => {
    await withService([{ status: 503, body: 'sorry' }, { body: 'certificate' }], async (url) => {
      const fetchText = createFetchText(fetch, steadyClock());
      await expect(fetchText(url)).rejects.toThrow(FetchError);
      expect(await fetchText(url)).toBe('certificate');
    });
  });

  it('is cut where it is longer than any certificate', async () => {
    await withService([{ body: 'x'.repeat(100_000) }], async (url) => {
      expect((await createFetchText(fetch, steadyClock())(url)).length).toBe(16 * 1024);
    });
  });

  it('is asked for at most once a second, whatever names a forger thinks of', async () => {
    await withService([{ body: 'a' }], async (url, asked) => {
      let nowMs = 0;
      const fetchText = createFetchText(fetch, () => nowMs);
      await fetchText(`${url}/0`);
      nowMs = 999;
      await expect(fetchText(`${url}/1`)).rejects.toThrow('Expected a pause');
      expect(await fetchText(`${url}/0`)).toBe('a');
      nowMs = 1000;
      await fetchText(`${url}/1`);
      expect(asked()).toBe(2);
    });
  });

  it('does not fill the memory: only some are kept', async () => {
    await withService([{ body: 'a' }], async (url, asked) => {
      const fetchText = createFetchText(fetch, steadyClock());
      for (let index = 0; index <= 20; index++) await fetchText(`${url}/${index}`);
      await fetchText(`${url}/0`);
      expect(asked()).toBe(22);
    });
  });

  it('is given up after three seconds', async () => {
    await withService([{ body: 'a' }], async (url) => {
      const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
      await expect(createFetchText(fetch, steadyClock())(url)).rejects.toThrow('aborted');
      expect(timeout).toHaveBeenCalledWith(3000);
      timeout.mockRestore();
    });
  });
});
