import { counted } from '../../counted.ts';
import type { Experiment, Finding } from './finding.ts';
import { costOf } from './measure.ts';
import type { Setting } from './settings.ts';

/** @returns what is about to be spent, and on what */
export function describePlan(experiments: readonly Experiment[], host: string): string {
  const total = costOf(experiments);
  const rows = experiments.map(({ name, cost }) => [
    name,
    `${cost.requests}`,
    `${cost.files}`,
    time(cost.seconds),
  ]);
  const all = [
    ['', 'requests', 'files', 'time'],
    ...rows,
    ['together', `${total.requests}`, `${total.files}`, time(total.seconds)],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return [
    `Measures CDN Pro in staging by purges of pages of ${host} that do not exist. At most:`,
    ...all.map(
      (row) =>
        `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
    ),
  ].join('\n');
}

function time(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** @returns findings, and the settings that follow from them */
export function describeMeasurement(
  findings: readonly Finding[],
  settings: Readonly<Record<string, Setting>>,
): string {
  const known = findings.filter(({ certainty }) => certainty === 'measured').length;
  return [
    ...findings.flatMap(({ name, certainty, value, evidence }) => [
      `${name}: ${certainty === 'measured' ? value : `could not tell: ${value}`}`,
      ...(evidence === '' ? [] : [`  seen: ${evidence}`]),
    ]),
    '',
    `${known} of ${counted(findings.length, 'finding')} measured.`,
    ...describeSettings(settings),
  ].join('\n');
}

function describeSettings(settings: Readonly<Record<string, Setting>>): readonly string[] {
  const entries = Object.entries(settings);
  if (entries.length === 0) return ['The settings are right, as far as it could be told: nothing to write.'];
  return [
    'Write into the configuration:',
    '',
    ...entries.map(([name, { value, why }]) => `  ${name}: ${literal(value)}, // ${why}`),
  ];
}

/** As it is written in TypeScript, and in JSON5. */
function literal(value: unknown): string {
  return JSON.stringify(value)
    .replace(/"([A-Za-z]+)":/g, ' $1: ')
    .replaceAll('"', "'")
    .replaceAll('}', ' }')
    .replace(/,(?=\S)/g, ', ');
}
