import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything that `npm test` covers. The last line is the test runner's own count. */
const scratch = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-test-'));
const report = join(scratch, 'vitest.json');
const bin = (name: string) => join('node_modules', '.bin', name);

/** Arguments select tests, as vitest takes them: the static checks are left out then. */
const selection = process.argv.slice(2);
const checks: readonly (readonly [string, readonly string[]])[] = [
  ['format and lint', [bin('biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('tsc')]],
  [
    'rooms, floors and circles',
    [bin('depcruise'), 'functions', 'infra', 'local', 'bench', 'packaging', 'test'],
  ],
  ['unused files, exports and dependencies', [bin('knip')]],
  ['synthesis', [bin('cdk'), 'synth', '--quiet', '--output', join(scratch, 'cdk.out')]],
];

const failedChecks: string[] = [];
for (const [name, command] of selection.length > 0 ? [] : checks) {
  const startMs = Date.now();
  const { status, output } = run(command);
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`);
  if (status !== 0) console.log(output);
  if (status !== 0) failedChecks.push(name);
}

const tests = spawnSync(
  bin('vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...selection],
  { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NO_COLOR: '1' } },
);
if (failedChecks.length > 0) console.log(`FAILED, see above: ${failedChecks.join(', ')}`);
console.log(countsIn(report));
rmSync(scratch, { recursive: true, force: true });
process.exitCode = tests.status === 0 && failedChecks.length === 0 ? 0 : 1;

function run([command = '', ...args]: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}${error ?? ''}` };
}

function countsIn(file: string): string {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
  };
  const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
  return `${numPassedTests} passed, ${numFailedTests} failed${skipped}`;
}
