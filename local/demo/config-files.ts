import { existsSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A relative module in `import … from '…'`, `export … from '…'`, `import('…')` or `require('…')`. */
const relativeModule = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"](\.\.?\/[^'"]+)['"]/g;

/** @returns the file of a configuration, and those that it imports from the same project */
export function configFilesOf(file: string): readonly string[] {
  const found = new Set<string>();
  const queue = [resolve(file)];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    if (!existsSync(path)) continue;
    for (const [, module = ''] of readFileSync(path, 'utf8').matchAll(relativeModule)) {
      queue.push(resolve(dirname(path), module));
    }
  }
  return [...found];
}

/** Calls the listener once, when the content of one of the files changes. @returns a function that ends it */
export function onChange(files: readonly string[], listener: () => void): () => void {
  const end = () => {
    for (const file of files) unwatchFile(file);
  };
  for (const file of files) {
    // Asked for, since editors replace a file rather than write it, and since it may not be there yet.
    watchFile(file, { interval: 300 }, (now, before) => {
      if (now.mtimeMs === before.mtimeMs && now.size === before.size) return;
      end();
      listener();
    });
  }
  return end;
}
