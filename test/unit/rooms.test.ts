import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const scratch = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Imports = Readonly<Record<string, readonly string[]>>;

/** A project with a file in each of some rooms, and what each imports: all of it runs down. */
const downward: Imports = {
  'functions/core/model/change.ts': [],
  'functions/core/mapping/map.ts': ['functions/core/model/change.ts'],
  'functions/sources/toolkit/time.ts': ['functions/core/model/change.ts'],
  'functions/sources/vendors/ghost.ts': ['functions/sources/toolkit/time.ts'],
  'functions/sources/vendors/strapi.ts': ['functions/sources/toolkit/time.ts'],
  'functions/sources/registry.ts': [
    'functions/sources/vendors/ghost.ts',
    'functions/sources/vendors/strapi.ts',
  ],
  'functions/receive-webhook/handler.ts': ['functions/sources/registry.ts', 'functions/core/mapping/map.ts'],
  'functions/submit/handler.ts': ['functions/submit/submit-batch.ts'],
  'functions/submit/submit-batch.ts': ['functions/core/mapping/map.ts'],
  'infra/settings/rules.ts': ['functions/core/mapping/map.ts'],
  'infra/app.ts': ['infra/settings/rules.ts'],
};

/** Runs the check of `npm test` on a project with these imports. */
function check(imports: Imports) {
  const project = mkdtempSync(join(scratch, 'project-'));
  for (const [file, imported] of Object.entries(imports)) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    const lines = imported.map((to) => `import './${relative(dirname(file), to)}';\n`);
    writeFileSync(join(project, file), lines.join(''));
  }
  const args = ['--config', resolve('.dependency-cruiser.mjs'), 'functions', 'infra'];
  const { status, stdout } = spawnSync(resolve('node_modules/.bin/depcruise'), args, {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  const errors = [...stdout.matchAll(/error (\S+): (\S+) →\s+(\S+)/g)];
  return { status, refused: errors.map(([, rule, from, to]) => `${rule}: ${from} -> ${to}`).toSorted() };
}

test('imports that run down are in order', () => {
  expect(check(downward)).toEqual({ status: 0, refused: [] });
});

test('imports that run up, in a circle, or from a neighbour to its like are each refused', () => {
  const { status, refused } = check({
    ...downward,
    'functions/core/model/change.ts': ['infra/app.ts'],
    'functions/submit/submit-batch.ts': ['functions/submit/handler.ts'],
    'functions/sources/vendors/ghost.ts': ['functions/sources/vendors/strapi.ts'],
    'functions/receive-webhook/handler.ts': ['functions/submit/handler.ts'],
  });
  expect(refused).toEqual([
    'floor-of-functions-core-model: functions/core/model/change.ts -> infra/app.ts',
    'floor-of-functions-each: functions/receive-webhook/handler.ts -> functions/submit/handler.ts',
    'no-circle: functions/core/mapping/map.ts -> functions/core/model/change.ts',
    'no-circle: functions/submit/handler.ts -> functions/submit/submit-batch.ts',
    'vendors-apart: functions/sources/vendors/ghost.ts -> functions/sources/vendors/strapi.ts',
  ]);
  expect(status).toBe(refused.length);
});

test('a folder has at most twelve files, but for the one with a file for each vendor', () => {
  const folders = Map.groupBy(globSync('{functions,infra,local,bench,packaging}/**/*.{ts,tsx,mjs}'), dirname);
  const crowded = [...folders].filter(([, files]) => files.length > 12).map(([folder]) => folder);
  expect(crowded).toEqual(['functions/sources/vendors']);
});
