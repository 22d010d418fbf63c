import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Started, start } from '../helpers/start.ts';
import { findFaint } from './contrast.ts';

/** As distributions name it. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

if (executablePath === undefined) {
  console.warn(`SKIPPED: none of ${names.join(', ')} is in PATH (Debian: apt-get install chromium)`);
}

describe.skipIf(executablePath === undefined)('the page of the local stack', () => {
  let stack: Started;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    stack = start();
    browser = await chromium.launch({ executablePath: executablePath ?? '' });
    // Colors that are on their way would be faint.
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, reducedMotion: 'reduce' });
    expect(await eventually(() => stack.output().includes('The stack stays up'), 90_000)).toBe(true);
    await page.goto(/Page +(http:\S+)/.exec(stack.output())?.[1] ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    stack.child.kill('SIGTERM');
    await stack.ended;
  });

  const button = (name: string) => page.getByRole('button', { name });
  const summary = () => page.getByRole('status').first().innerText();
  const nothingWaits = () =>
    eventually(async () => (await summary()).startsWith('Nothing waits, nothing has failed'), 120_000);
  /** What the servers that keep a page would show, in a word each. */
  const statesOf = async (url: string) => {
    const cells = await page.getByRole('row').filter({ hasText: url }).first().getByRole('cell').all();
    const states = await Promise.all(cells.map((cell) => cell.innerText()));
    return states.map((state) => state.replace(/^\W+/, '')).filter((state) => state !== 'empty');
  };

  it('has landmarks, headings and names for who does not see it', async () => {
    await page.getByRole('main').waitFor();
    const title = page.getByRole('banner').getByRole('heading', { level: 1 });
    expect(await eventually(async () => /production www\.example\.com/.test(await title.innerText()))).toBe(
      true,
    );
    const regions = ['Try it', 'Edges and their parents', 'Budget', 'Waiting', 'Changes', 'Purges'];
    for (const name of [...regions, 'Dead letters', 'Warnings']) {
      expect(await page.getByRole('region', { name }).count(), name).toBe(1);
    }
    for (const name of ['File tokens', 'Directory tokens', 'Requests']) {
      await page.getByRole('meter', { name }).waitFor();
    }
    expect(await page.getByRole('columnheader').allInnerTexts()).toEqual(
      expect.arrayContaining(['Page', 'parent europe 1', 'edge asia 1']),
    );
    expect(await page.getByRole('rowheader').count()).toBeGreaterThan(0);
  });

  it.each(['light', 'dark'] as const)('can be read in %s colors', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await findFaint(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: null });
  });

  it('shows by keyboard alone how an entry that is published turns from stale to fresh', async () => {
    expect(await nothingWaits()).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Publish an entry');
    await page.keyboard.press('Enter');
    const url = 'https://www.example.com/blog/hello-world';
    const states = () => statesOf(url);
    expect(await eventually(async () => (await states()).includes('stale'))).toBe(true);
    expect(
      await page.getByRole('region', { name: 'Changes' }).getByRole('listitem').first().innerText(),
    ).toMatch(/waiting|purging/);
    const isUnderWay = async () => new Set(await states()).size > 1;
    expect(await eventually(isUnderWay)).toBe(true);
    if (process.env.WRITE_PICTURE === '1') await page.screenshot({ path: 'docs/page.png' });
    expect(await eventually(async () => (await states()).every((state) => state === 'fresh'), 60_000)).toBe(
      true,
    );
    expect(await nothingWaits()).toBe(true);
    expect(
      await page.getByRole('region', { name: 'Purges' }).getByRole('listitem').first().innerText(),
    ).toMatch(/completed|fresh/);
    expect(await page.locator(':focus').innerText()).toBe('Publish an entry');
  });

  it('shows that changes wait while CDN Pro is broken, and recover when it is repaired', async () => {
    await button('Break CDN Pro').click();
    const isDisabled = async () => (await button('Break CDN Pro').getAttribute('aria-disabled')) === 'true';
    expect(await eventually(isDisabled, 2000)).toBe(true);
    await button('Upload a file').click();
    const url = 'https://www.example.com/guides/getting%20started.html';
    expect(await eventually(async () => /wait/.test(await summary()))).toBe(true);
    const warnings = page.getByRole('region', { name: 'Warnings' });
    expect(await eventually(async () => /503/.test(await warnings.innerText()))).toBe(true);
    expect(await statesOf(url)).toContain('stale');
    await button('Repair CDN Pro').click();
    expect(
      await eventually(async () => (await statesOf(url)).every((state) => state === 'fresh'), 120_000),
    ).toBe(true);
    expect(await nothingWaits()).toBe(true);
  });

  it('says when the stack has stopped', async () => {
    stack.child.kill('SIGTERM');
    await stack.ended;
    expect(await eventually(async () => (await summary()).startsWith('Not connected'))).toBe(true);
  });
});
