import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { linksOf } from './source-links.ts';

/** What a package needs before it is published: the ways from its page in the registry to its source and its issues. */
const linkNames = ['repository', 'homepage', 'bugs'] as const;

const manifestFile = 'package.json';
/** What was added to the manifest, until it is taken out again. */
const addedFile = 'node_modules/.links-in-package.json';

/** The links that a manifest has once it is packed. */
export interface Links {
  /** What the manifest lacks and the git remote gives. */
  readonly added: Readonly<Record<string, unknown>>;
  /** What neither has. */
  readonly missing: readonly string[];
}

/** @returns the links of the package in this folder; what is written in its manifest wins */
export function readLinks(): Links {
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Readonly<Record<string, unknown>>;
  const lacking = linkNames.filter((name) => manifest[name] === undefined);
  const known = linksOf(originRemote() ?? '');
  const added = lacking.flatMap((name) => (known?.[name] === undefined ? [] : [[name, known[name]]]));
  return {
    added: Object.fromEntries(added),
    missing: lacking.filter((name) => known?.[name] === undefined),
  };
}

/** Only of a repository that is this package's: the folder may be a part of another one. */
function originRemote(): string | undefined {
  const prefix = git('rev-parse', '--show-prefix');
  return prefix === '' ? git('ls-remote', '--get-url', 'origin') : undefined;
}

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Adds the links of the git remote to the manifest, as a block of text as npm writes it, which can be taken out again without
 * touching what else is in the file.
 * @returns whether there was something to add
 */
export function addLinks(): boolean {
  removeLinks();
  const { added } = readLinks();
  if (Object.keys(added).length === 0) return false;
  const block = `,${JSON.stringify(added, null, 2).slice(1, -2)}`;
  mkdirSync(dirname(addedFile), { recursive: true });
  writeFileSync(addedFile, JSON.stringify(block));
  replaceManifest((text) => text.replace(/\s*\}\s*$/, (end) => block + end));
  return true;
}

/** Takes out what `addLinks` added. */
export function removeLinks(): void {
  if (!existsSync(addedFile)) return;
  const block = JSON.parse(readFileSync(addedFile, 'utf8')) as string;
  replaceManifest((text) => text.replace(block, ''));
  rmSync(addedFile);
}

/** At once, so that nobody reads half of it; from the same folder, since `node_modules` may be another file system. */
function replaceManifest(edit: (text: string) => string): void {
  const next = `${manifestFile}.next`;
  writeFileSync(next, edit(readFileSync(manifestFile, 'utf8')));
  renameSync(next, manifestFile);
}
