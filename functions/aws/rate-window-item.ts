import { type DeclaredLimit, emptyWindow, type RateWindow } from '../core/limits/window.ts';
import { windowPartition } from './ledger-keys.ts';
import { type ItemAddress, readItem, writeItem } from './versioned-item.ts';

/** The window's attributes. Deployments of other versions share the item, so names and types do not change. */
interface StoredWindow {
  readonly arrivedByMs: readonly number[];
  readonly closedUntilMs: number;
  readonly spent: number;
  readonly inflow: number;
  readonly pacedAtMs: number;
  /** What each deployment declares, by its name. */
  readonly stated: Readonly<Record<string, DeclaredLimit>>;
}

/** Where the window is kept. */
export type WindowTable = Omit<ItemAddress, 'pk'>;

/** @returns the window, empty where it was never written, with the version for {@link writeWindow} */
export async function readWindow(
  table: WindowTable,
): Promise<{ readonly window: RateWindow; readonly version: number }> {
  const { attributes, version } = await readItem<StoredWindow>({ ...table, pk: windowPartition });
  return { window: attributes === undefined ? emptyWindow : parseWindow(attributes), version };
}

/** @returns whether the window was written: nobody else has written it since it was read */
export function writeWindow(table: WindowTable, window: RateWindow, version: number): Promise<boolean> {
  return writeItem({ ...table, pk: windowPartition }, formatWindow(window), version);
}

function parseWindow({
  arrivedByMs = [],
  closedUntilMs = 0,
  spent = 0,
  inflow = 0,
  pacedAtMs = 0,
  stated = {},
}: Partial<StoredWindow>): RateWindow {
  return { arrivedByMs, closedUntilMs, pace: { spent, inflow, atMs: pacedAtMs }, declared: stated };
}

function formatWindow({ arrivedByMs, closedUntilMs, pace, declared }: RateWindow): StoredWindow {
  return {
    arrivedByMs,
    closedUntilMs,
    spent: rounded(pace.spent),
    inflow: rounded(pace.inflow),
    pacedAtMs: pace.atMs,
    stated: declared,
  };
}

/** What decays gets smaller than any number that DynamoDB accepts. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}
