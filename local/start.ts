import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { parseOptions } from '../infra/cli/parse-options.ts';
import { onOutputError } from '../infra/cli/terminal.ts';
import { UsageError } from '../infra/cli/usage-error.ts';
import { ConfigError } from '../infra/settings/checks/check.ts';
import { findStage, StageError } from '../infra/settings/stages.ts';
import { defaultConfigFile, loadStages } from '../infra/stack/load-config.ts';
import { TemplateError } from './aws/template/errors.ts';
import { type FixtureOptions, parseFixture } from './cdn-pro/fixture.ts';
import { configFilesOf, onChange } from './demo/config-files.ts';
import type { Contract } from './demo/contract.ts';
import { formatResult, printLive } from './demo/print.ts';
import { runSamples } from './demo/samples/run-samples.ts';
import type { Sample } from './demo/samples/sample.ts';
import { usageOf } from './demo/usage.ts';
import type { Local } from './local.ts';

const help = `cdn-purger dev [options]   (in a clone of the project: npm start -- [options])

Runs what is deployed on this machine, with a CDN Pro simulator and edges, and a sample for each rule; starts again when
the configuration changes.

  --once           run the sample events, print the timeline and end; exit code 0 only if each reached the edge
  --events DIR     play the events in this folder, in the form of events/, rather than a sample for each rule
  --config FILE    the configuration; cdn-purger.config.ts (or .mts, .js, .mjs, .cjs, .json) in this folder by default,
                   in a clone infra/config.ts
  --stage NAME     the stage to run; the first of the configuration if missing
  --assembly DIR   run what was synthesized from the configuration into this folder, e.g. cdk.out, as it is
  --cdn-pro URL    that CDN Pro API instead of the simulator, as user "local" with the API key "local"; the samples run
                   with --once only
  --cdn-pro-fixture FILE  a simulator that behaves like the account of cdn-purger doctor --measure --fixture FILE: its limits,
                   what a token pays for, its answer at zero, how long purges take
  --edge URL       another CDN's edge instead of ours, which gets the public host in Host; may come several times
  --quota N[/M]    a contract of N file URLs a day, and M directory URLs (20 if missing), in short days
  --day SECONDS    how long such a day is, 24 at least; 60 if missing
  --ready FILE     write the endpoints to this file as JSON, once everything listens
  --s3-port, --webhook-port, --edge-port, --cdn-pro-port N    ports on 127.0.0.1; free ones by default
  --verbose        print every line that the functions log
  --help           print this

Ends with 2 where the options, the configuration or the assembly are wrong.`;

/** Set by the program that starts this one anew where it ends with {@link startAgain}: `once`, and from then on `again`. */
const startedVariable = 'CDN_PURGER_STARTED';
const startAgain = 75;

/** Why it stops: the user has changed the configuration. */
class ConfigChanged {}

// Samples that were under way when it was stopped would keep the process alive.
process.exit(await main());

async function main(): Promise<number> {
  const stopping = new AbortController();
  let outputFailed: number | undefined;
  onOutputError((exitCode) => {
    outputFailed ??= exitCode;
    stopping.abort();
  });
  const exitCode = await run(stopping);
  return outputFailed ?? exitCode;
}

async function run(stopping: AbortController): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  // The parent may be killed without notice; nothing that it started may outlive it.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stopping.abort(), 500).unref();
  let local: Local | undefined;
  let changed: Promise<void> | undefined;
  try {
    const options = readOptions();
    if (options.help) {
      console.log(help);
      return 0;
    }
    const file = options.config ?? defaultConfigFile;
    changed = changeOf(file, options);
    void changed?.then(() => stopping.abort(new ConfigChanged()));
    // A program that waits for the file must not read that of an earlier run.
    if (options.ready !== undefined) removeReadyFile(options.ready);
    const stage = findStage(await loadStages(file), options.stage);
    const parts = [
      options.assembly === undefined ? `Synthesizing ${relative('', file)}` : `Starting ${options.assembly}`,
      ...(stage.name === undefined ? [] : [`for the stage ${stage.name}`]),
    ];
    console.log(`${parts.join(' ')} ...`);
    // The emulators take half a second to load, which who has mistyped an option does not wait for.
    const { startLocal } = await import('./local.ts');
    local = await startLocal(stage.config, { ...options, config: file, stage: stage.name });
    return endOf(stopping.signal, await runLocal(local, options, stopping.signal));
  } catch (error) {
    if (stopping.signal.aborted) return endOf(stopping.signal, 0);
    console.error(messageOf(error));
    if (changed === undefined || process.env[startedVariable] !== 'again') return exitCodeOf(error);
    console.error('\nStarts again when the configuration changes ...');
    await new Promise((settle) => stopping.signal.addEventListener('abort', settle, { once: true }));
    return endOf(stopping.signal, 0);
  } finally {
    await local?.stop();
  }
}

/** As of every command: 2 where the options, the configuration or the assembly are wrong. */
function exitCodeOf(error: unknown): number {
  return [UsageError, ConfigError, StageError, TemplateError].some((each) => error instanceof each) ? 2 : 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @returns when the configuration changes; undefined where nobody would start it again */
function changeOf(
  file: string,
  { once, assembly }: { readonly once: boolean; readonly assembly?: string | undefined },
): Promise<void> | undefined {
  if (once || assembly !== undefined || process.env[startedVariable] === undefined) return undefined;
  return new Promise((settle) => onChange(configFilesOf(file), settle));
}

function endOf(stopping: AbortSignal, exitCode: number): number {
  if (!(stopping.reason instanceof ConfigChanged)) return exitCode;
  console.log('The configuration has changed: starting again ...');
  return startAgain;
}

function readOptions() {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseOptions({
    options: {
      once: flag,
      help: { ...flag, short: 'h' },
      verbose: flag,
      config: string,
      events: string,
      assembly: string,
      stage: string,
      'cdn-pro': string,
      'cdn-pro-fixture': string,
      edge: { type: 'string', multiple: true },
      quota: string,
      day: string,
      ready: string,
      's3-port': string,
      'webhook-port': string,
      'edge-port': string,
      'cdn-pro-port': string,
    },
  });
  return {
    ...values,
    cdnProUrl: values['cdn-pro'] === undefined ? undefined : urlOf('--cdn-pro', values['cdn-pro']),
    contract: contractOf(values.quota, values.day),
    account: accountOf(values['cdn-pro-fixture'], values['cdn-pro']),
    edgeUrls: values.edge?.map((url) => urlOf('--edge', url)),
    ports: portsOf({
      s3: ['--s3-port', values['s3-port']],
      webhooks: ['--webhook-port', values['webhook-port']],
      edge: ['--edge-port', values['edge-port']],
      cdnPro: ['--cdn-pro-port', values['cdn-pro-port']],
    }),
  };
}

/** @throws {UsageError} where the file could not be written later, once everything runs */
function removeReadyFile(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
    rmSync(file, { force: true });
  } catch (error) {
    throw new UsageError(
      `Expected --ready to be a file that can be written, got "${file}": ${messageOf(error)}`,
    );
  }
}

/** @throws {UsageError} where the file is none that doctor has written */
function accountOf(file: string | undefined, cdnPro: string | undefined): FixtureOptions | undefined {
  if (file === undefined) return undefined;
  if (cdnPro !== undefined) {
    throw new UsageError(
      'Expected --cdn-pro-fixture or --cdn-pro, got both: there is no simulator with --cdn-pro',
    );
  }
  try {
    return parseFixture(readFileSync(file, 'utf8'));
  } catch (error) {
    const expected = 'the file that cdn-purger doctor --measure --fixture has written';
    throw new UsageError(`Expected --cdn-pro-fixture to be ${expected}, got "${file}": ${messageOf(error)}`);
  }
}

function contractOf(quota: string | undefined, day: string | undefined): Contract | undefined {
  if (quota === undefined && day !== undefined) {
    throw new UsageError('Expected --day with --quota, got it alone');
  }
  return quota === undefined ? undefined : shortContract(quota, day ?? '60');
}

function shortContract(quota: string, day: string): Contract {
  const [, files, dirs = '20'] = /^(\d+)(?:\/(\d+))?$/.exec(quota) ?? [];
  if (!(Number(files) > 0 && Number(dirs) > 0)) {
    throw new UsageError(`Expected --quota to be a number of URLs such as 20 or 20/4, got "${quota}"`);
  }
  // An hour of the functions is a second at least, and not longer than an hour.
  if (!(Number(day) >= 24 && Number(day) <= 86_400)) {
    throw new UsageError(`Expected --day to be 24 to 86400 seconds, got "${day}"`);
  }
  return { files: Number(files), dirs: Number(dirs), dayMs: Number(day) * 1000 };
}

function urlOf(option: string, value: string): string {
  if (/^https?:\/\/[^/]+/.test(value)) return value;
  throw new UsageError(`Expected ${option} to be a URL such as http://127.0.0.1:8080, got "${value}"`);
}

function portsOf<Name extends string>(
  given: Readonly<Record<Name, readonly [option: string, value: string | undefined]>>,
): Record<Name, number | undefined> {
  const optionOf = new Map<number, string>();
  const ports = {} as Record<Name, number | undefined>;
  for (const name in given) {
    const [option, value] = given[name];
    ports[name] = value === undefined ? undefined : portOf(option, value);
    const port = ports[name];
    if (port === undefined) continue;
    const other = optionOf.get(port);
    if (other !== undefined) {
      throw new UsageError(`Expected ${other} and ${option} to be different ports, got ${port} for both`);
    }
    optionOf.set(port, option);
  }
  return ports;
}

function portOf(option: string, value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`Expected ${option} to be a port from 1 to 65535, got "${value}"`);
}

/** Who waits for the file reads it at once: so it is there only as a whole. */
function writeReadyFile(file: string, ready: Local['ready']): void {
  const written = `${file}.${process.pid}`;
  writeFileSync(written, `${JSON.stringify(ready, null, 2)}\n`);
  renameSync(written, file);
}

async function runLocal(
  local: Local,
  { ready, once, cdnProUrl, contract }: ReturnType<typeof readOptions>,
  stopping: AbortSignal,
): Promise<number> {
  const live = printLive(local.timeline, console.log);
  console.log(local.summary);
  if (ready !== undefined) writeReadyFile(ready, local.ready);
  // With few tokens the samples themselves wait for minutes, and what they wait for is what is to be seen.
  live.on = contract !== undefined;
  let failures = 0;
  if (once || cdnProUrl === undefined) failures = await playSamples(local, local.samples, stopping);
  if (once || stopping.aborted) return failures === 0 && !stopping.aborted ? 0 : 1;
  live.on = true;
  local.openActions();
  console.log(usageOf(local.config, local.ready, ready));
  await new Promise((settle) => stopping.addEventListener('abort', settle, { once: true }));
  if (!(stopping.reason instanceof ConfigChanged)) console.log('Stopping ...');
  return 0;
}

/** @returns how many samples did not reach the edge, although they could have */
async function playSamples(local: Local, samples: readonly Sample[], stopping: AbortSignal): Promise<number> {
  if (local.config.paused) {
    console.log(
      '\nThe configuration has paused submission: changes wait in the buffer, and no samples are run.',
    );
    return 0;
  }
  if (local.config.mode === 'observe') {
    console.log('\nThe configuration only observes: nothing is purged, and no samples are run.');
    return 0;
  }
  const count = `${samples.length} sample${samples.length === 1 ? '' : 's'}`;
  console.log(`\nRunning ${count} (changes wait in the buffer to be grouped) ...\n`);
  const aborted = new Promise<undefined>((settle) =>
    stopping.addEventListener('abort', () => settle(undefined), { once: true }),
  );
  const results = await Promise.race([runSamples(samples, local.context), aborted]);
  if (results === undefined) return samples.length;
  for (const result of results) console.log(`${formatResult(result)}\n`);
  const reached = results.filter(({ failure }) => failure === undefined).length;
  const skipped = results.filter(({ isSkipped }) => isSkipped).length;
  const rest = skipped === 0 ? '' : `; ${skipped} skipped`;
  console.log(
    `${reached} of ${samples.length - skipped} changes reached the edge, in ${local.countRequests()} purge requests (those for the first versions included)${rest}.`,
  );
  return samples.length - skipped - reached;
}
