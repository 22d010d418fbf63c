import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Assembly, synthesize } from '../local/aws/synthesize.ts';
import { readAssembly } from '../local/aws/template/assembly.ts';
import { installRuntimeInterface, RuntimeInterfaceError } from './coldstart/runtime-interface.ts';
import { type Start, type StartedFunction, startOnce } from './coldstart/start.ts';

/**
 * What a cold start of each function takes: the deployed bundles under Lambda's Runtime API, by AWS's own runtime
 * interface client, next to a handler that does nothing; all in turn, so that they share whatever else the machine does.
 */
const configFile = 'docs/snippets/all-sources.json';
const starts = 30;
const maxInitRatio = 2.5;
const maxBytes: Readonly<Record<string, number>> = {
  'receive-s3': 300_000,
  'receive-webhook': 350_000,
  submit: 350_000,
  tick: 350_000,
  // Without the AWS SDK.
  probe: 50_000,
};
const emptyName = 'empty handler';

/** @returns whether the goals are met */
export async function main(): Promise<boolean> {
  let runtimeInterface: string;
  try {
    runtimeInterface = installRuntimeInterface();
  } catch (error) {
    if (!(error instanceof RuntimeInterfaceError)) throw error;
    console.error(`Cold starts are NOT measured. ${error.message}`);
    return false;
  }
  const assembly = await synthesize(configFile);
  const emptyDirectory = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-empty-'));
  try {
    writeFileSync(join(emptyDirectory, 'handler.mjs'), 'export const handler = async () => ({});\n');
    const empty = { name: emptyName, directory: emptyDirectory, environment: {} };
    return report(await measure(runtimeInterface, [empty, ...functionsOf(assembly)]));
  } finally {
    assembly.remove();
    rmSync(emptyDirectory, { recursive: true, force: true });
  }
}

interface Measured {
  readonly name: string;
  readonly bytes: number;
  readonly starts: Start[];
}

async function measure(
  runtimeInterface: string,
  functions: readonly StartedFunction[],
): Promise<readonly Measured[]> {
  const measured = functions.map((each) => ({
    each,
    name: each.name,
    bytes: statSync(join(each.directory, 'handler.mjs')).size,
    starts: [] as Start[],
  }));
  // The first of each reads its files from the disk.
  for (const { each } of measured) await startOnce(runtimeInterface, each);
  for (let round = 0; round < starts; round++) {
    for (const { each, starts } of measured) starts.push(await startOnce(runtimeInterface, each));
  }
  return measured;
}

function report(measured: readonly Measured[]): boolean {
  const initOf = ({ starts }: Measured) => median(starts.map(({ initMs }) => initMs));
  const empty = measured.find(({ name }) => name === emptyName);
  const emptyMs = empty === undefined ? Number.NaN : initOf(empty);
  printRow('', 'init p50 ms', 'of empty', 'max RSS MiB', 'size bytes');
  for (const each of measured) {
    const ratio = (initOf(each) / emptyMs).toFixed(2);
    printRow(each.name, initOf(each).toFixed(1), ratio, memoryOf(each), String(each.bytes));
  }
  console.log();
  const goals = measured.flatMap((each) => {
    const limit = maxBytes[each.name];
    if (limit === undefined) return [];
    const ratio = initOf(each) / emptyMs;
    return [
      {
        goal: `${each.name} starts within ${maxInitRatio} times the empty handler`,
        isMet: ratio <= maxInitRatio,
        value: ratio.toFixed(2),
      },
      {
        goal: `${each.name} has at most ${limit} bytes`,
        isMet: each.bytes <= limit,
        value: String(each.bytes),
      },
    ];
  });
  for (const { goal, isMet, value } of goals)
    console.log(`${isMet ? 'met   ' : 'MISSED'}  ${goal}: ${value}`);
  return goals.length === 2 * Object.keys(maxBytes).length && goals.every(({ isMet }) => isMet);
}

/** The functions of the stack that are bundled. */
function functionsOf({ directory }: Assembly): readonly StartedFunction[] {
  const { template, assetPaths } = readAssembly(directory);
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties }]) => {
    if (Type !== 'AWS::Lambda::Function' || Properties.Handler !== 'handler.handler') return [];
    const { Code, Environment } = Properties as {
      Code: { S3Key?: unknown };
      Environment?: { Variables?: Record<string, unknown> };
    };
    const path = assetPaths.get(String(Code.S3Key));
    if (path === undefined) return [];
    const variables = Object.entries(Environment?.Variables ?? {});
    const environment = Object.fromEntries(variables.map(([key, value]) => [key, textOf(value)]));
    return [
      {
        name: names.find(([part]) => logicalId.includes(part))?.[1] ?? logicalId,
        directory: path,
        environment,
      },
    ];
  });
}

/** The functions by what the construct calls them in the template. */
const names: readonly (readonly [part: string, name: string])[] = [
  ['ConfigureBucket', 'configure-bucket'],
  ['ReceiveWebhook', 'receive-webhook'],
  ['ReceiveS3', 'receive-s3'],
  ['Submit', 'submit'],
  ['Tick', 'tick'],
  ['Probe', 'probe'],
];

/** A value of the template as a string; what is known only once it is deployed is a placeholder. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [separator, parts] = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'] ?? [];
  return parts === undefined ? 'not-deployed' : parts.map(textOf).join(separator);
}

function memoryOf({ starts }: Measured): string {
  const known = starts.flatMap(({ maxRssBytes }) => (maxRssBytes === undefined ? [] : [maxRssBytes]));
  return known.length === 0 ? 'unknown' : (Math.max(...known) / 2 ** 20).toFixed(1);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function printRow(name: string, ...cells: readonly string[]): void {
  console.log([name.padEnd(16), ...cells.map((cell) => cell.padStart(12))].join(' '));
}
