import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { run } from '../helpers/package.ts';
import { scratchFolder } from '../helpers/start.ts';

/** A small package with the scripts of ours, in a repository of its own. */
const scratch = scratchFolder();
const remote = 'https://u:ghp_s3cret@github.com/acme/small.git';
const links = {
  repository: { type: 'git', url: 'git+https://github.com/acme/small.git' },
  homepage: 'https://github.com/acme/small#readme',
  bugs: { url: 'https://github.com/acme/small/issues' },
};
const script = (name: string) => `node ${resolve('packaging/links', name)}.ts`;
const scripts = {
  prepack: script('add-links'),
  postpack: script('remove-links'),
  prepublishOnly: script('before-publish'),
};

interface Published {
  readonly versions: Readonly<Record<string, object>>;
}
let published: Published[] = [];
/** What the registry does with a package. */
let answer: (accept: (status: number) => void) => void;
const registry = createServer(async (request, response) => {
  const end = (status: number) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  if (request.method !== 'PUT') return end(404);
  published.push((await json(request)) as Published);
  answer(end);
});
beforeAll(async () => {
  await new Promise<void>((listening) => registry.listen(0, '127.0.0.1', listening));
  run('git', ['init', '--quiet'], scratch.path('.'));
});
afterAll(() => {
  registry.close();
  scratch.remove();
});
beforeEach(() => {
  published = [];
  answer = (accept) => accept(201);
  spawnSync('git', ['remote', 'remove', 'origin'], { cwd: scratch.path('.') });
});

function write(manifest: object) {
  const text = `${JSON.stringify({ name: 'small', version: '1.0.0', scripts, ...manifest }, null, 2)}\n`;
  writeFileSync(scratch.path('package.json'), text);
  return text;
}

function setOrigin(url = remote) {
  run('git', ['remote', 'add', 'origin', url], scratch.path('.'));
}

function npm(...args: readonly string[]) {
  const { port } = registry.address() as AddressInfo;
  const host = `//127.0.0.1:${port}/`;
  const options = [
    `--registry=http:${host}`,
    `--${host}:_authToken=t`,
    '--loglevel=error',
    '--no-update-notifier',
  ];
  return spawn('npm', [...args, ...options], { cwd: scratch.path('.') });
}

async function ended(npmRun: ReturnType<typeof npm>) {
  let stderr = '';
  npmRun.stderr.on('data', (chunk) => (stderr += chunk));
  const status = await new Promise((close) => npmRun.on('close', close));
  return { status, stderr };
}

const inTree = () => readFileSync(scratch.path('package.json'), 'utf8');
/** After npm: a process of its own takes out what was added, and then the note of it. */
const restored = (before: string) =>
  vi.waitFor(() => {
    expect(inTree()).toBe(before);
    expect(existsSync(scratch.path('node_modules/.links-in-package.json'))).toBe(false);
  }, 30_000);

describe('npm publish', () => {
  test('tells the registry where the package is from, and leaves package.json as it was', async () => {
    setOrigin();
    const before = write({});
    expect(await ended(npm('publish'))).toMatchObject({ status: 0 });
    expect(published[0]?.versions['1.0.0']).toMatchObject(links);
    expect(JSON.stringify(published)).not.toContain('s3cret');
    await restored(before);
  });

  test('leaves package.json as it was where the registry refuses the package', async () => {
    setOrigin();
    const before = write({});
    answer = (accept) => accept(403);
    expect((await ended(npm('publish'))).status).not.toBe(0);
    await restored(before);
  });

  test('leaves package.json as it was where it is killed', async () => {
    setOrigin();
    const before = write({});
    const npmRun = npm('publish');
    answer = () => npmRun.kill('SIGKILL');
    await ended(npmRun);
    expect(published).toHaveLength(1);
    await restored(before);
  });

  test('is refused where nobody could find the source', async () => {
    setOrigin('/srv/git/small.git');
    write({ homepage: 'https://h.example' });
    const { status, stderr } = await ended(npm('publish'));
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'package.json has no "repository", "bugs", and the git remote "origin" does not tell',
    );
    expect(published).toEqual([]);
  });
});

describe('npm pack', () => {
  const packed = () =>
    JSON.parse(run('tar', ['-xzOf', 'small-1.0.0.tgz', 'package/package.json'], scratch.path('.')));

  test('packs what is written by hand, and adds what is not', async () => {
    setOrigin();
    const before = write({ bugs: 'https://bugs.example' });
    expect(await ended(npm('pack'))).toMatchObject({ status: 0 });
    expect(packed()).toMatchObject({ ...links, bugs: 'https://bugs.example' });
    expect(inTree()).toBe(before);
  });

  test('keeps what somebody writes into package.json meanwhile', async () => {
    setOrigin();
    write({ scripts: { ...scripts, prepack: `${scripts.prepack} && npm pkg set description=new` } });
    expect(await ended(npm('pack'))).toMatchObject({ status: 0 });
    expect(packed()).toMatchObject({ ...links, description: 'new' });
    expect(Object.keys(JSON.parse(inTree()))).toEqual(['name', 'version', 'scripts', 'description']);
  });

  test.skipIf(!existsSync('/dev/shm'))('adds it where node_modules is on another file system', async () => {
    const elsewhere = mkdtempSync('/dev/shm/node_modules-');
    const modules = scratch.path('node_modules');
    rmSync(modules, { recursive: true, force: true });
    symlinkSync(elsewhere, modules);
    onTestFinished(() => {
      for (const folder of [modules, elsewhere]) rmSync(folder, { recursive: true });
    });
    setOrigin();
    const before = write({});
    expect(await ended(npm('pack'))).toMatchObject({ status: 0 });
    expect(packed()).toMatchObject(links);
    expect(inTree()).toBe(before);
  });

  test('is not refused without a remote', async () => {
    write({});
    expect(await ended(npm('pack'))).toMatchObject({ status: 0 });
    expect(packed()).not.toHaveProperty('repository');
  });

  test('does not take the repository that the package is a part of for its own', () => {
    setOrigin();
    const part = scratch.path('part');
    mkdirSync(part);
    writeFileSync(scratch.path('part/package.json'), write({}));
    const { status } = spawnSync(process.execPath, [resolve('packaging/links/before-publish.ts')], {
      cwd: part,
    });
    expect(status).toBe(1);
  });
});
