import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Modules come out of the run's cache; and `test/infra` has CDK's validation, which takes seconds to load. */
const fast = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', CDK_VALIDATION: 'false' };

/** Runs `npm run test:aws`, less npm, with nothing of this machine's environment that could reach an account. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/aws/run.ts', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...fast, ...env },
  });
  return { status, output: stdout + stderr };
}

test('without consent, region and credentials it refuses, names all three, and deploys nothing', () => {
  const { status, output } = run([]);
  expect(status).toBe(2);
  for (const name of ['CDN_PURGER_TEST_AWS=1', 'AWS_REGION', 'AWS_PROFILE']) expect(output).toContain(name);
  expect(output).toContain('Nothing was deployed');
});

test('an option that it does not know is refused: a mistyped --dry-run must not deploy', () => {
  const consent = { CDN_PURGER_TEST_AWS: '1', AWS_REGION: 'eu-central-1', AWS_PROFILE: 'test' };
  const { status, output } = run(['--dryrun'], consent);
  expect(status).toBe(2);
  expect(output).toContain('--dryrun');
});

test('a dry run synthesizes what would be deployed, without an account', () => {
  const { status, output } = run(['--dry-run']);
  expect(output).toContain('synthesizes; nothing was deployed');
  expect(status).toBe(0);
}, 180_000);
