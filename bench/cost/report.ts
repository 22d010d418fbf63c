import { type Bill, parts, totalOf } from './bill.ts';
import { type FixedCost, minutesInMonth } from './fixed.ts';
import type { Load } from './loads.ts';
import type { Path } from './paths.ts';
import { type Price, prices, pricesAsOf } from './prices.ts';
import type { Usage } from './usage.ts';

/** What came out for one path and one load. */
export interface Result {
  readonly path: Path;
  readonly load: Load;
  readonly usage: Usage;
  readonly bill: Bill;
  readonly fixed: readonly FixedCost[];
}

/** @returns the tables of `docs/cost.md` */
export function reportOf(results: readonly Result[]): string {
  const paths = [...new Set(results.map(({ path }) => path))];
  return [
    ...paths.flatMap((path) => {
      const own = results.filter((result) => result.path === path);
      return [
        `### A million changes by ${path.title}, in US dollars`,
        '',
        partsTable(own),
        '',
        countsTable(own),
        '',
      ];
    }),
    '### A month, in US dollars',
    '',
    fixedTable(
      paths.map((path) => results.find((result) => result.path === path)).filter((one) => one !== undefined),
    ),
    '',
    monthTable(results),
    '',
    `### The prices, as known on ${pricesAsOf}`,
    '',
    priceTable(),
  ].join('\n');
}

/** The head of the row that holds the total of each load: a check of the document finds it by this. */
export const totalRow = '**all**';

function partsTable(results: readonly Result[]): string {
  const used = parts.filter((part) => results.some(({ bill }) => bill[part] >= 0.00005));
  return table(
    ['part', ...results.map(({ load }) => load.title)],
    [
      ...used.map((part) => [part, ...results.map(({ bill }) => usd(bill[part]))]),
      [totalRow, ...results.map(({ bill }) => `**${usd(totalOf(bill))}**`)],
    ],
  );
}

function countsTable(results: readonly Result[]): string {
  const row = (name: string, count: (usage: Usage) => number, digits = 3) => [
    name,
    ...results.map(({ usage }) => (count(usage) / usage.changes).toFixed(digits)),
  ];
  const names = [...new Set(results.flatMap(({ usage }) => Object.keys(usage.functions)))].toSorted();
  const actions = [...new Set(results.flatMap(({ usage }) => Object.keys(usage.sqsRequests)))].toSorted();
  return table(
    ['measured for each change', ...results.map(({ load }) => load.title)],
    [
      ...names.map((name) =>
        row(`invocations of \`${name}\``, ({ functions }) => functions[name]?.invocations ?? 0),
      ),
      ...names.map((name) =>
        row(`GB-ms of \`${name}\``, ({ functions }) => 1000 * (functions[name]?.gbSeconds ?? 0)),
      ),
      ...actions.map((action) => row(`SQS \`${action}\``, ({ sqsRequests }) => sqsRequests[action] ?? 0)),
      row('DynamoDB read units', ({ dynamodbReadUnits }) => dynamodbReadUnits),
      row('DynamoDB write units', ({ dynamodbWriteUnits }) => dynamodbWriteUnits),
      row('bytes of logs', ({ logBytes }) => logBytes, 0),
      row('purge requests', ({ purgeRequests }) => purgeRequests),
    ],
  );
}

function fixedTable(results: readonly Result[]): string {
  const names = results[0]?.fixed.map(({ what }) => what) ?? [];
  const cell = ({ fixed }: Result, what: string) => {
    const cost = fixed.find((each) => each.what === what);
    return cost === undefined || cost.count === 0 ? '–' : `${usd(cost.usd)} (${cost.count})`;
  };
  return table(
    ['whatever happens', ...results.map(({ path }) => path.title)],
    [
      ...names.map((what) => [what, ...results.map((result) => cell(result, what))]),
      ['all', ...results.map((result) => usd(fixedSum(result)))],
    ],
  );
}

function fixedSum({ fixed }: Result): number {
  return fixed.reduce((sum, { usd }) => sum + usd, 0);
}

function monthTable(results: readonly Result[]): string {
  const paths = [...new Set(results.map(({ path }) => path))];
  const loads = [...new Set(results.map(({ load }) => load))].filter(
    ({ perMinute }) => perMinute !== undefined,
  );
  return table(
    ['with what happens', ...paths.map(({ title }) => title)],
    loads.map((load) => [
      load.title,
      ...paths.map((path) => {
        const result = results.find((each) => each.path === path && each.load === load);
        if (result === undefined) return '–';
        const changes = (load.perMinute ?? 0) * minutesInMonth;
        return (fixedSum(result) + (totalOf(result.bill) * changes) / 1e6).toFixed(2);
      }),
    ]),
  );
}

function priceTable(): string {
  const rows = Object.values<Price>(prices).map(({ usd, per, page, readAt }) => [
    usd < 0.001 ? `${Number((usd * 1e6).toFixed(4))} a million` : String(usd),
    per,
    `[${new URL(page).pathname}](${page})`,
    readAt === undefined
      ? '–'
      : `[${[new URL(readAt.url).hostname, readAt.asOf].filter(Boolean).join(', ')}](${readAt.url})`,
  ]);
  return table(['US dollars', 'for a', "AWS's page", 'amount read at'], rows);
}

function usd(amount: number): string {
  return amount.toFixed(amount < 0.01 && amount > 0 ? 4 : 2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}
