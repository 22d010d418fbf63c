import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { recordOf } from '../../../../functions/core/model/record.ts';
import { UsageError } from '../../usage-error.ts';

/** The files below a folder, by their paths from it, with slashes. */
export interface ListedFiles {
  readonly files: readonly string[];
  /** Symbolic links that were not followed: they lead out of the folder, in a circle or nowhere. */
  readonly leftOut: readonly string[];
}

/**
 * Lists the files below a folder in their order. A symbolic link is followed only where it leads to something in the folder.
 * @throws UsageError where it is not a folder, or may not be read
 */
export function listFiles(folder: string): ListedFiles {
  const files: string[] = [];
  const leftOut: string[] = [];
  const root = readable(folder, () => realpathSync(folder));

  /** @param above the real paths of the folders that this one is in */
  function walk(real: string, path: string, above: readonly string[]): void {
    const entries = readable(join(folder, path), () => readdirSync(real, { withFileTypes: true }));
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const at = path === '' ? entry.name : `${path}/${entry.name}`;
      const target = entry.isSymbolicLink() ? targetOf(join(real, entry.name)) : undefined;
      if (entry.isFile()) files.push(at);
      else if (entry.isDirectory()) walk(join(real, entry.name), at, [...above, real]);
      else if (target === undefined || !isWithin(root, target.real)) leftOut.push(at);
      else if (!target.isFolder) files.push(at);
      else if ([...above, real].some((each) => isWithin(target.real, each))) leftOut.push(at);
      else walk(target.real, at, [...above, real]);
    }
  }

  walk(root, '', []);
  return { files, leftOut };
}

/** Where a symbolic link leads; undefined where it leads nowhere. */
function targetOf(link: string): { readonly real: string; readonly isFolder: boolean } | undefined {
  try {
    const real = realpathSync(link);
    return { real, isFolder: statSync(real).isDirectory() };
  } catch {
    return undefined;
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function readable<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const { code, message } = recordOf(error) ?? {};
    const reason =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'ENOTDIR'
          ? 'is a file'
          : `cannot be read: ${String(message)}`;
    throw new UsageError(`Expected --dir to be a folder, but ${path} ${reason}`);
  }
}
