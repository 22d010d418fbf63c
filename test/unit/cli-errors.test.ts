import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeAwsError } from '../../infra/cli/aws-error.ts';
import { look } from '../../infra/cli/doctor/check.ts';
import { run } from '../helpers/cli.ts';
import { olderNode } from '../helpers/older-node.ts';
import { scratchFolder } from '../helpers/start.ts';

const errorOf = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });

test.each([
  [errorOf('Error', 'Region is missing'), 'set AWS_REGION'],
  [errorOf('CredentialsProviderError', 'Could not load credentials from any providers'), 'sign in'],
  [errorOf('ExpiredTokenException', 'The security token is expired', { $metadata: {} }), 'sign in again'],
  [errorOf('AccessDeniedException', 'User is not authorized', { $metadata: {} }), 'let your role use it'],
  [errorOf('AggregateError', '', { code: 'ECONNREFUSED' }), 'does the local stack still run'],
  [
    errorOf('Error', 'getaddrinfo ENOTFOUND sqs.eu.amazonaws.com', { code: 'ENOTFOUND' }),
    'is AWS_REGION a region',
  ],
])('%s is said with what to do', (error, advice) => {
  expect(describeAwsError(error)).toContain(`To do: ${advice}`);
});

test('an error that AWS does not know is a bug, and not hidden', () => {
  expect(describeAwsError(new TypeError('x is not a function'))).toBeUndefined();
});

test.each([
  [['stauts'], 'Expected a command, got "stauts" (did you mean `status`?)'],
  [['de'], 'Expected a command, got "de" (did you mean `dev`?)'],
  [['explain', '--stge', 'x'], 'Unknown option "--stge" (did you mean `--stage`?)'],
  [['status'], 'Expected --stack NAME or --ready FILE, got neither'],
  [['status', 'x', '--stack', 'S'], 'Expected no argument, got "x"'],
  [['purge', '--ready', 'x'], 'Expected URLs, --file FILE, or "-" with URLs on stdin, got none'],
  [['status', '--stack', ''], 'Expected --stack to be the name of a stack, or NAME/PURGER, got ""'],
  [['waiting', '--cancel', '--stack', 'S'], 'Expected the URLs to cancel, got none'],
  [
    ['status', '--ready', 'package.json'],
    'Expected --ready to be the file that npm start -- --ready FILE writes, but package.json holds something else',
  ],
  [
    ['status', '--ready', 'nope.json'],
    'Expected --ready to be the file that npm start -- --ready FILE writes, but nope.json does not exist',
  ],
  [['status', '--stack'], 'Expected --stack with a value, got none'],
  [['status', '--stack', '--ready'], 'Expected --stack with a value, got none'],
  [
    ['wait', '--since', '2999-01-01T00:00:00Z', '--stack', 'S'],
    'Expected --since to be a time that has been',
  ],
  [
    ['explain', '--dir', 'nope', '--prefix', 's3://b'],
    'Expected --dir to be a folder, but nope does not exist',
  ],
  [
    ['purge', '--file', 'infra', '--stack', 'S'],
    'Expected --file to be a file of URLs, but infra is a folder',
  ],
])('%j is refused with one sentence, and where to look', async (args, sentence) => {
  const { exitCode, stderr } = await run(args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(sentence);
  expect(stderr.split('\n').length).toBeLessThanOrEqual(3);
});

test('help is that of --help', async () => {
  expect(await run(['help'])).toEqual(await run(['--help']));
});

test('the version is that of the package', () => {
  const { stdout } = spawnSync(process.execPath, ['infra/cli/cdn-purger.mjs', '--version'], {
    encoding: 'utf8',
  });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(stdout).toBe(`${version}\n`);
});

test.each([
  [['stauts', '--json'], 'UsageError', 'Expected a command, got "stauts"'],
  [['status', '--json'], 'UsageError', 'Expected --stack NAME or --ready FILE, got neither'],
  [['explain', 's3://b/k', '--config', 'nope.json', '--json'], 'ConfigError', 'there is no such file'],
  [['explain', 's3://b/k', '--config', 'package.json', '--json'], 'ConfigError', 'unknown field'],
])('%j is refused in JSON, with the same exit code', async (args, name, message) => {
  const { exitCode, stdout, stderr } = await run(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ error: { name, message: expect.stringContaining(message) } });
});

test('doctor does not take what a role may not read for what is not set up', async () => {
  const see = (error: Error) => look('credentials', 'put them into the secret', () => Promise.reject(error));
  const refused = await see(errorOf('AccessDeniedException', 'not yours'));
  expect(refused).toMatchObject([{ result: 'failed', fix: expect.stringContaining('`grantOperate`') }]);
  expect(await see(errorOf('CredentialsError', 'no fields'))).toMatchObject([
    { fix: 'put them into the secret' },
  ]);
});

test.skipIf(process.platform !== 'linux')(
  'output that cannot be written ends it with 2 and a line, and a closed pipe says nothing',
  () => {
    const shell = (script: string) => {
      const { stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath], { encoding: 'utf8' });
      return stderr.replace(/^\(node.*\n\(Use .*\n/gm, '');
    };
    const cli = '"$1" infra/cli/main.ts status --json';
    expect(shell(`${cli} >/dev/full; echo "exit $?" >&2`)).toBe(
      'The output could not be written: ENOSPC: no space left on device, write\nexit 2\n',
    );
    expect(shell(`{ ${cli}; echo "exit $?" >&2; } | true`)).toBe('exit 2\n');
    expect(shell(`{ "$1" infra/cli/main.ts --help; echo "exit $?" >&2; } | true`)).toBe('exit 0\n');
  },
);

test.skipIf(olderNode === undefined)('an older Node without that of the lock file is told what to do', () => {
  const scratch = scratchFolder();
  const cli = scratch.path('infra/cli');
  cpSync('infra/cli/cdn-purger.mjs', join(cli, 'cdn-purger.mjs'));
  writeFileSync(join(cli, 'main.ts'), '');
  const { status, stderr } = spawnSync(olderNode ?? '', [join(cli, 'cdn-purger.mjs'), 'status'], {
    encoding: 'utf8',
  });
  scratch.remove();
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^Expected Node 24 or newer, got v\d+\.\d+\.\d+: (?:run "npm ci" in .*, which installs it|install it)\.\n$/,
  );
});
