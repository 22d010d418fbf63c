import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Everything that `npm test` covers. The last line is the test runner's own count. */
const scratch = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-test-'));
const report = join(scratch, 'vitest.json');
const bin = (name: string) => join('node_modules', '.bin', name);

/** Arguments select tests, as vitest takes them: the static checks are left out then. */
const selection = process.argv.slice(2);
const checks: readonly (readonly [string, readonly string[]])[] = [
  ['synthesis', [bin('cdk'), 'synth', '--quiet', '--output', join(scratch, 'cdk.out')]],
  // One thread: with the other checks there is no core for more, and each would check CDK's types anew.
  ['types', [bin('tsc'), '--singleThreaded']],
  ['types of the page', [bin('tsc'), '--singleThreaded', '--project', 'local/page/client']],
  ['format and lint', [bin('biome'), 'check', '--error-on-warnings', '.']],
  [
    'rooms, floors and circles',
    [bin('depcruise'), 'functions', 'infra', 'local', 'bench', 'packaging', 'test'],
  ],
  ['unused files, exports and dependencies', [bin('knip')]],
];

const outcomes = await Promise.all(selection.length > 0 ? [] : checks.map(check));
const tests = spawnSync(
  bin('vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...selection],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
    // Node keeps what it makes of modules, so that the next worker loads the CDK in half the time.
    env: { ...process.env, NO_COLOR: '1', NODE_COMPILE_CACHE: resolve('node_modules/.cache/node') },
  },
);
const failedChecks = outcomes.filter(({ passed }) => !passed).map(({ name }) => name);
if (failedChecks.length > 0) console.log(`FAILED, see above: ${failedChecks.join(', ')}`);
console.log(countsIn(report));
rmSync(scratch, { recursive: true, force: true });
process.exitCode = tests.status === 0 && failedChecks.length === 0 ? 0 : 1;

/** Runs a static check, and prints how it went when it ends. */
async function check([name, [command = '', ...args]]: (typeof checks)[number]) {
  const startMs = Date.now();
  // CDK's validation takes seconds to load; `test/infra/deployments.test.ts` has it for the stages and each form.
  const { error, output } = await run(command, args, { ...process.env, CDK_VALIDATION: 'false' });
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  console.log(`${error === null ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`);
  if (error !== null) console.log(output || error.message);
  return { name, passed: error === null };
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ error: Error | null; output: string }> {
  const maxBuffer = Number.POSITIVE_INFINITY;
  return new Promise((settle) => {
    execFile(command, args, { maxBuffer, env }, (error, stdout, stderr) =>
      settle({ error, output: `${stdout}${stderr}` }),
    );
  });
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
