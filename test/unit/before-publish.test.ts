import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

function beforePublish(manifest: object) {
  writeFileSync(scratch.path('package.json'), JSON.stringify(manifest));
  const script = resolve('packaging/before-publish.ts');
  const { status, stderr } = spawnSync(process.execPath, [script], {
    cwd: scratch.path('.'),
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('a package that does not say where its source is cannot be published', () => {
  expect(beforePublish({ name: 'x', homepage: 'https://h.example' })).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^package\.json has no "repository", "bugs": .*Add them/),
  });
});

test('one that says it can', () => {
  const links = {
    repository: 'https://h.example/x',
    homepage: 'https://h.example',
    bugs: 'https://h.example/b',
  };
  expect(beforePublish(links)).toEqual({ status: 0, stderr: '' });
});
