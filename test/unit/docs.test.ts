import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../helpers/markdown.ts';

const files = [...globSync('docs/**/*.md'), 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
const longestCell = 250;

describe.each(files)('%s', (file) => {
  const markdown = readFileSync(file, 'utf8');

  test('has tables that can be read', () => {
    const cells = rowsOf(markdown).flat();
    expect(cells.filter((cell) => cell.length > longestCell)).toEqual([]);
  });

  test('links to files and headings that exist', () => {
    const links = [...markdown.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !isFound(file, link))).toEqual([]);
  });
});

test.each(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/security.md'])(
  '%s names only paths that exist',
  (file) => {
    const named = readFileSync(file, 'utf8').matchAll(
      /`((?:functions|infra|local|test|bench|docs)\/[\w./*-]*[\w/*])`/g,
    );
    const paths = [...named].map(([, path = '']) => path);
    expect(paths).not.toEqual([]);
    expect(paths.filter((path) => globSync(path.replace(/\/$/, '')).length === 0)).toEqual([]);
  },
);

test('the documents of the package link to files that it has', () => {
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly files: readonly string[] };
  const packed = globSync([...files, 'README.md', 'LICENSE']).flatMap((path) =>
    statSync(path).isDirectory() ? globSync(`${path}/**/*`) : [path],
  );
  const dead = packed
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const links = readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)\s#]+)[^)\s]*\)/g);
      return [...links].map(([, link = '']) => join(dirname(file), link));
    })
    .filter((path) => !packed.includes(path.replace(/\/$/, '')));
  expect(dead).toEqual([]);
});

function isFound(file: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(target)) return false;
  return heading === undefined || slugsOf(readFileSync(target, 'utf8')).includes(heading);
}

/** The anchors of a document's headings, as GitHub makes them. */
function slugsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
}
