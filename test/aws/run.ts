import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAwsPorts, runCdk } from './ports.ts';
import { runAwsTest } from './run-test.ts';
import { consentVariable, readSettings } from './settings.ts';
import { type Variant, variants } from './test-stack-settings.ts';

/** `npm run test:aws`: the whole stack in a real account; with `--dry-run` its synthesis only, which needs no account. */
const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--dry-run' && variantIn(arg) === undefined);
const variant = args.map(variantIn).find((each) => each !== undefined);
const id = `${Date.now().toString(36)}${randomBytes(2).toString('hex')}`;
const known = ['--dry-run', ...variants.map((each) => `--${each}`)].join(' or ');
if (unknown !== undefined) refuse([`expected no argument or ${known}, got "${unknown}"`]);
else if (args.includes('--dry-run')) await dryRun();
else await run();

function variantIn(arg: string): Variant | undefined {
  return variants.find((each) => arg === `--${each}`);
}

async function dryRun(): Promise<void> {
  const output = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-aws-'));
  const stackName = `cdn-purger-test-${id}`;
  try {
    await runCdk(
      'synth',
      {
        stackName,
        standInKey: 'a key that is made for each run',
        target: 'staging',
        host: 'www.example.com',
        credentials: `${stackName}/cdn-pro`,
        webhookSecret: `${stackName}/webhook`,
        ...(variant === undefined ? {} : { variant }),
      },
      '--quiet',
      '--output',
      output,
    );
    console.log(`dry run: ${stackName} synthesizes; nothing was deployed, and AWS was not called`);
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

async function run(): Promise<void> {
  const read = readSettings(process.env, id);
  if ('issues' in read) return refuse(read.issues);
  // The first Ctrl-C ends the deployment or the waiting, and everything is removed; a second one ends this process.
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const ports = createAwsPorts(read.settings.region, stopping.signal);
  const { failures, stayed } = await runAwsTest(read.settings, ports, variant);
  for (const failure of failures) console.log(`FAILED  ${failure}`);
  for (const rest of stayed) console.log(`STAYED  ${rest}`);
  if (stayed.length === 0) console.log('nothing is left in the account');
  if (failures.length === 0) console.log('passed');
  process.exitCode = failures.length + stayed.length === 0 ? 0 : 1;
}

function refuse(issues: readonly string[]): void {
  console.error('The test in a real account cannot run:');
  for (const issue of issues) console.error(`- ${issue}`);
  console.error(`See docs/testing.md. Nothing was deployed; ${consentVariable}=1 is what allows it.`);
  process.exitCode = 2;
}
