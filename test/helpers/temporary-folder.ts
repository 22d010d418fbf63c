import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;

/** Gives the tests, and what they start, a temporary folder of one run: a worker is ended before it could tidy up. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-test-'));
  process.env.TMPDIR = folder;
}

/** Removes it with all that is left in it. */
export function teardown(): void {
  rmSync(folder, { recursive: true, force: true });
}
