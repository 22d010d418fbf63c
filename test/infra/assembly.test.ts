import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Assembly, synthesize } from '../../local/synthesize.ts';

let assemblies: Assembly[];
beforeAll(async () => {
  assemblies = [await synthesize(undefined), await synthesize(undefined)];
});
afterAll(() => {
  for (const { remove } of assemblies) remove();
});

function assetFiles({ directory }: Assembly): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('asset.'))
    .flatMap((asset) => readdirSync(join(directory, asset)).map((file) => join(asset, file)));
}

test('synthesizing twice gives the same template and the same assets', () => {
  const [first, second] = assemblies.map((assembly) => ({
    template: readFileSync(join(assembly.directory, 'CdnProPurger.template.json'), 'utf8'),
    assets: assetFiles(assembly),
  }));
  expect(first).toEqual(second);
});

test('the rules travel inside the assets of the functions', () => {
  const [assembly] = assemblies;
  if (assembly === undefined) throw new Error('expected an assembly');
  const mappings = assetFiles(assembly).filter((file) => file.endsWith('mapping.json'));
  expect(mappings).toHaveLength(3);
  for (const file of mappings) {
    const { target, rules } = JSON.parse(readFileSync(join(assembly.directory, file), 'utf8'));
    expect([target, rules.length]).toEqual(['production', 3]);
  }
});

const cfnLint = spawnSync('cfn-lint', ['--version']).status === 0;

test.skipIf(!cfnLint)('cfn-lint finds no error in the template (skipped where it is not installed)', () => {
  const template = join(assemblies[0]?.directory ?? '', 'CdnProPurger.template.json');
  const { stdout } = spawnSync('cfn-lint', ['--non-zero-exit-code', 'error', template], { encoding: 'utf8' });
  expect(stdout.match(/^E\d+ .*/gm) ?? []).toEqual([]);
});
