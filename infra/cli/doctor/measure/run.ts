import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseCredentials } from '../../../../functions/cdn-pro/auth.ts';
import type { CommandResult, Surroundings } from '../../command.ts';
import { counted } from '../../counted.ts';
import { nextCommands, shellArgument } from '../../next.ts';
import type { Purger } from '../../purger/connect.ts';
import { openLimits } from '../../purger/limits.ts';
import { openSecrets } from '../../purger/secrets.ts';
import { observingReason } from '../../queries/observing.ts';
import { UsageError } from '../../usage-error.ts';
import { isHost } from '../cdn-pro.ts';
import { type Bench, createBench, MeasureError } from './bench.ts';
import { edgeAt } from './edge.ts';
import { fixtureOf } from './fixture/fixture.ts';
import { createGate, limitsToMeasure } from './gate.ts';
import { interruptible, sleepUntil } from './interruption.ts';
import { lookAround, type Surrounding } from './look-around.ts';
import { costOf, measure, planOf } from './measure.ts';
import { describeMeasurement, describePlan } from './report.ts';
import { settingsFor } from './settings.ts';

/** What a shell says of a command that a SIGINT has ended. */
const interruptedExitCode = 130;

/** What the command line says of a measurement. */
export interface MeasureOptions {
  readonly target?: string | undefined;
  readonly host?: string | undefined;
  /** A page that edges of staging keep, and one of these edges. */
  readonly url?: string | undefined;
  readonly edge?: string | undefined;
  readonly 'until-empty'?: boolean | undefined;
  readonly fixture?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** @throws UsageError before anything is asked */
export function checkMeasureOptions({ target, host, url, edge, fixture }: MeasureOptions): void {
  if (target === 'production') {
    throw new UsageError(
      'Expected --target staging, got production: measuring spends the quota of the target, and fails on purpose there',
    );
  }
  if (target !== 'staging') {
    throw new UsageError(
      `Expected --target staging, got ${target === undefined ? 'nothing' : `"${target}"`}`,
    );
  }
  if (host !== undefined && !/^[A-Za-z0-9.-]+$/.test(host)) {
    throw new UsageError(`Expected --host to be a host such as www.example.com, got "${host}"`);
  }
  if ((url === undefined) !== (edge === undefined)) {
    throw new UsageError('Expected --url and --edge together: a page, and an edge of staging that keeps it');
  }
  if (url !== undefined && !(URL.canParse(url) && /^https?:\/\/[^?#]+$/.test(url))) {
    throw new UsageError(`Expected --url to be an http or https URL without a query, got "${url}"`);
  }
  if (edge !== undefined && !URL.canParse(/^https?:\/\//.test(edge) ? edge : `https://${edge}`)) {
    throw new UsageError(`Expected --edge to be an address such as 203.0.113.7, or a URL, got "${edge}"`);
  }
  if (fixture !== undefined) refuseUnwritable(fixture);
}

/**
 * Measures on the user's own account what no document says.
 * @throws PurgerError where it cannot begin
 */
export async function runMeasure(
  purger: Purger,
  options: MeasureOptions,
  surroundings: Surroundings,
): Promise<CommandResult> {
  if (purger.mode === 'observe') return observingResult(options.json === true);
  const { nowMs, progress, confirm } = surroundings;
  const interruption = surroundings.interruption();
  const sleep = sleepUntil(interruption, surroundings.sleep);
  const credentials = parseCredentials(await (await openSecrets(purger)).read(purger.credentials));
  const { endpoint, planning, limits } = purger;
  const ledger = await openLimits({ ...purger, limits: limitsToMeasure(limits) });
  const gate = createGate({ limits: ledger, nowMs, sleep });
  const benchFor = (host: string) => createBench({ endpoint, credentials, host, gate, nowMs, sleep });
  const found = await lookAround(benchFor('cdn-purger.invalid'));
  const host = hostFor(options.host, purger, found);
  const bench = benchFor(host);
  const untilEmpty = options['until-empty'] === true;
  const planned = {
    ...found,
    maxFileUrls: Math.min(planning.maxFileUrls, found.maxFileUrls ?? planning.maxFileUrls),
    maxBodyBytes: planning.maxBodyBytes,
    page: pageOf(options, purger, found),
  };
  const experiments = planOf({ ...planned, untilEmpty });
  const plan = describePlan(experiments, host);
  refuseWithoutTokens(costOf(planOf({ ...planned, untilEmpty: false })).files, found);
  const doubts = doubtsOf(found);
  progress([plan, ...doubts, ''].join('\n'));
  const answer =
    options.yes === true
      ? true
      : await confirm(
          `It spends ${untilEmpty ? 'all that is left of ' : ''}staging's quota of today. Go on?`,
        );
  if (answer !== true) {
    const refusal = `Nothing was measured.${answer === undefined ? ' Nobody can be asked here: say --yes.' : ''}`;
    const report = { target: 'staging', refusal, findings: [], settings: {}, facts: {} };
    return { exitCode: 1, stdout: options.json === true ? JSON.stringify(report, null, 2) : refusal };
  }
  const { findings, facts } = await measure(experiments, interruptible(bench, interruption), (line) => {
    if (!interruption.aborted) progress(line);
  });
  const settings = settingsFor(facts, limits, planning);
  const wrote = writeFixture(options.fixture, facts, bench);
  const isDone = wrote.problem === undefined && findings.every(({ certainty }) => certainty === 'measured');
  return {
    exitCode: interruption.aborted ? interruptedExitCode : isDone ? 0 : 1,
    stdout:
      options.json === true
        ? JSON.stringify({ target: 'staging', findings, settings, facts, ...problemIn(wrote) }, null, 2)
        : [describeMeasurement(findings, settings), ...wrote.lines].join('\n'),
  };
}

/** One that observes sends no purge; and its ledger is not the one of what purges on the account. */
function observingResult(json: boolean): CommandResult {
  const why = `Nothing was measured. It is ${observingReason}.`;
  return { exitCode: 1, stdout: json ? JSON.stringify({ target: 'staging', refusal: why }, null, 2) : why };
}

/** So many hosts are named. */
const mostNamed = 5;

/** @throws UsageError where no host is known that CDN Pro would take */
function hostFor(wanted: string | undefined, { hosts: ofRules }: Purger, { deployed }: Surrounding): string {
  const isDeployed = (host: string) => deployed.hosts.some((each) => isHost(host, each));
  if (wanted !== undefined) {
    if (deployed.isPart || isDeployed(wanted)) return wanted;
    const known = deployed.hosts.slice(0, mostNamed).join(', ') || 'none';
    throw new UsageError(
      `Expected --host to be deployed in staging, where CDN Pro lists ${known}, got "${wanted}"`,
    );
  }
  const host = [...ofRules, ...deployed.hosts].find((each) => !each.includes('*') && isDeployed(each));
  if (host !== undefined) return host;
  throw new UsageError(
    'Expected --host with a host that is deployed in staging: CDN Pro lists none, and rejects any other',
  );
}

function pageOf({ url, edge }: MeasureOptions, { hosts: ofRules }: Purger, { deployed }: Surrounding) {
  if (url === undefined || edge === undefined) return undefined;
  const own = new URL(url).host;
  const otherHosts = ofRules.filter((host) => host !== own && deployed.hosts.includes(host)).slice(0, 3);
  return { url, otherHosts, ask: edgeAt(edge) };
}

/** @throws MeasureError where the day has too few tokens left in staging */
function refuseWithoutTokens(files: number, { left, quota }: Surrounding): void {
  if (left.files >= files) return;
  throw new MeasureError(
    `Expected ${files} file tokens in staging, which measuring may cost, got ${left.files} of ${quota.files}: they come back within 24 hours`,
  );
}

function doubtsOf({ recentPurges }: Surrounding): readonly string[] {
  if (recentPurges === 0) return [];
  return [
    `The account is in use: ${counted(recentPurges, 'purge')} in staging and production in the last 15 minutes. What others send meanwhile may keep it from telling.`,
  ];
}

/** @throws UsageError where the file could not be written later, once tokens are spent */
function refuseUnwritable(file: string): void {
  try {
    const isThere = existsSync(file);
    accessSync(isThere ? file : dirname(file), constants.W_OK);
    if (isThere && statSync(file).isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw new UsageError(
      `Expected --fixture to be a file that can be written, got "${file}": ${messageOf(error)}`,
    );
  }
}

/** @returns what to say of the file; what was found out is printed even where it cannot be written */
function writeFixture(
  file: string | undefined,
  facts: Parameters<typeof fixtureOf>[0],
  bench: Bench,
): { readonly lines: readonly string[]; readonly problem?: string } {
  if (file === undefined) return { lines: [] };
  try {
    writeFileSync(file, `${JSON.stringify(fixtureOf(facts, bench.exchanges), null, 2)}\n`);
  } catch (error) {
    const problem = `${file} could not be written: ${messageOf(error)}`;
    return { lines: ['', problem], problem };
  }
  const run = `dev --cdn-pro-fixture ${shellArgument(file)}`;
  return {
    lines: [
      '',
      `Wrote ${file}, without hosts, URLs and credentials.`,
      ...nextCommands([run, 'runs the local stack by it']),
    ],
  };
}

function problemIn({ problem }: { readonly problem?: string }): { readonly problem?: string } {
  return problem === undefined ? {} : { problem };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
