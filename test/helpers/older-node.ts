import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Node on this machine that does not read TypeScript by itself; undefined where there is none. */
export const olderNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((path) => existsSync(path))
  .find((path) => /^v(?:1\d|20)\./.test(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout));
