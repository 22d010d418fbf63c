import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of a package of npm in a path, the innermost one. */
const packageFolder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const noticeFile = /^(licen[cs]e|notice|copying)([.-].*)?$/i;

/** A package whose code is in a bundle. */
interface BundledPackage {
  readonly title: string;
  readonly license: string;
  /** The texts of its license and notice files. */
  readonly texts: readonly string[];
}

/**
 * @param files that bundles are made of, from the root
 * @returns the licenses of all packages of npm among them, as these ask for
 * @throws Error for a package without a license
 */
export function noticesOf(root: string, files: Iterable<string>): string {
  const folders = new Set([...files].flatMap((file) => packageFolder.exec(file)?.[1] ?? []));
  const packages = [...folders].map((folder) => readPackage(join(root, folder)));
  const byTitle = new Map(packages.map((each) => [each.title, each]));
  const sorted = [...byTitle.values()].toSorted((a, b) => (a.title < b.title ? -1 : 1));
  const byText = Map.groupBy(sorted, ({ license, texts }) => [license, ...texts].join('\n\n'));
  const sections = [...byText].map(
    ([text, each]) => `${each.map(({ title }) => title).join('\n')}\n\n${text.trim()}\n`,
  );
  const head = 'The package cdn-pro-purger holds code of the following packages.\n';
  return [head, ...sections].join(`\n${'-'.repeat(79)}\n\n`);
}

function readPackage(folder: string): BundledPackage {
  const manifest = join(folder, 'package.json');
  const {
    name,
    version,
    license: named,
  } = JSON.parse(existsSync(manifest) ? readFileSync(manifest, 'utf8') : '{}');
  // Old packages have an object.
  const license = named?.type ?? named;
  if (typeof license !== 'string') throw new Error(`Expected a license in ${manifest}, got none`);
  const texts = readdirSync(folder)
    .filter((file) => noticeFile.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { title: `${name} ${version}`, license, texts };
}
