import { createLimitsTable, type LimitsTable } from '../../functions/aws/tables/limits-table.ts';
import { createParkedTable, type Parked, type ToPark } from '../../functions/aws/tables/parked-table.ts';
import { createTickTurns } from '../../functions/aws/tables/tick-state.ts';
import type { Reading } from '../../functions/cdn-pro/client.ts';
import type { Quotas } from '../../functions/cdn-pro/quotas.ts';
import type { Limits, LimitsState } from '../../functions/core/limits/limits.ts';
import { freshQuota, spend, type Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { type PurgeMessage, readMessage } from '../../functions/core/model/purge-message.ts';
import type { TickOptions, TickPorts } from '../../functions/tick/ports.ts';
import { createTick } from '../../functions/tick/tick.ts';
import { fileEntry } from './changes.ts';
import { createParkedItems } from './parked-items.ts';

/** What the world around ticks does. */
export interface TickWorldOptions {
  readonly quota?: Partial<Tokens>;
  /** Called before and after each step that the world sees. Where it throws, the tick has crashed. */
  readonly step?: (what: string) => void;
  readonly convertInShortage?: readonly string[];
  readonly purgeTokens?: () => Reading<Tokens>;
  readonly serviceQuotas?: () => Reading<Quotas>;
  /** What ticks use in place of the ports that work. */
  readonly ports?: (ports: TickPorts) => TickPorts;
  /** Whether the n-th message cannot be sent. */
  readonly refusesMessage?: (index: number) => boolean;
}

/** A world with its own clock around ticks. */
export interface TickWorld {
  readonly ports: TickPorts;
  readonly limitsTable: LimitsTable;
  readonly sent: (PurgeMessage & { readonly atMs: number })[];
  /** What CDN Pro was asked. */
  readonly asked: string[];
  readonly metrics: { readonly name: string; readonly value: number; readonly lane?: string }[];
  readonly lines: string[];
  /** Operations on the table of what waits. */
  readonly operations: string[];
  nowMs: number;
  /** Runs a tick, and another one a minute later. */
  tick(times?: number): Promise<void>;
  /** As a function that has just started. */
  restart(): void;
  park(...items: readonly ToPark[]): Promise<void>;
  waiting(): Promise<readonly Parked[]>;
  /** Has this many tokens spent now. */
  spend(tokens: Tokens): Promise<void>;
  limits(): Promise<LimitsState>;
}

export const minuteMs = 60_000;

/** @returns a file of bulk that was parked an hour before the world began, changed as given */
export function parkedFile(url: string, own: Partial<ToPark> = {}): ToPark {
  const change = {
    source: 's3',
    action: 'put',
    id: `s3://bucket/${url}`,
    occurredAt: new Date(0).toISOString(),
  };
  return {
    entry: fileEntry(url),
    change,
    lane: 'bulk',
    sender: 'bucket:bucket',
    sinceMs: worldBeginsMs - 60 * minuteMs,
    ...own,
  };
}

/** The beginning of an hour. */
export const worldBeginsMs = 490_896 * 60 * minuteMs;

/** @returns a world in which nothing waits and nothing was spent */
export function createTickWorld(options: TickWorldOptions = {}): TickWorld {
  const { step = () => {} } = options;
  const operations: string[] = [];
  const parkedItems = createParkedItems(
    (what) => {
      operations.push(what);
      step(`before ${what}`);
    },
    (what) => step(`after ${what}`),
  );
  const table = { client: parkedItems.client, tableName: 'Parked', nowMs: () => world.nowMs };
  const others = createParkedTable({ ...table, client: parkedItems.otherClient, random: Math.random });
  const limits: Limits = {
    rate: { requests: 300, perSeconds: 300, headroom: 0 },
    bucket: { perMinute: 30, burst: 60 },
    requestCost: 1,
    quota: options.quota === undefined ? {} : { production: options.quota, staging: options.quota },
    tokenUnit: 'url',
  };
  const limitsTable = createLimitsTable({
    client: createParkedItems().client,
    tableName: 'Ledger',
    deployment: 'this',
    limits,
    guardMs: 13_000,
    clockDifferenceMs: 2000,
    nowMs: () => world.nowMs,
  });
  const ports: TickPorts = {
    parked: createParkedTable({ ...table, random: Math.random }),
    turns: createTickTurns(table),
    limitsTable,
    cdnPro: {
      async prepare() {
        return {
          async purgeTokens(target) {
            world.asked.push(`tokens of ${target}`);
            return options.purgeTokens?.() ?? {};
          },
          async serviceQuotas() {
            world.asked.push('quotas');
            return options.serviceQuotas?.() ?? {};
          },
        };
      },
    },
    async send(messages) {
      step('before send');
      const unsent = messages.flatMap(({ body }, index) => {
        const read = readMessage(body);
        if (read.kind !== 'message' || options.refusesMessage?.(index)) return [{ index, reason: 'refused' }];
        world.sent.push({ ...read.message, atMs: world.nowMs });
        return [];
      });
      step('after send');
      return unsent;
    },
    nowMs: () => world.nowMs,
    log: {
      info: (message) => world.lines.push(message),
      warn: (message) => world.lines.push(message),
      error: (message) => world.lines.push(message),
    },
    measure: (name, value, dimensions) => world.metrics.push({ name, value, ...dimensions }),
  };
  const tickOptions: TickOptions = { limits, convertInShortage: options.convertInShortage ?? [] };
  const ticksWith = options.ports?.(ports) ?? ports;
  let run = createTick(ticksWith, tickOptions);
  const world: TickWorld = {
    ports,
    limitsTable,
    sent: [],
    asked: [],
    metrics: [],
    lines: [],
    operations,
    nowMs: worldBeginsMs,
    async tick(times = 1) {
      for (let count = 0; count < times; count++) {
        world.nowMs += minuteMs;
        await run({ deadlineMs: world.nowMs + 40_000, endMs: world.nowMs + 50_000 });
      }
    },
    restart() {
      run = createTick(ticksWith, tickOptions);
    },
    async park(...items) {
      await others.park(items);
    },
    async waiting() {
      const all: Parked[] = [];
      for (const kind of ['dirs', 'files'] as const) {
        for await (const item of others.oldest('production', kind, 100_000)) all.push(item);
      }
      return all;
    },
    spend: (tokens) =>
      limitsTable.note((state, nowMs) => ({
        ...state,
        quotas: { ...state.quotas, production: spend(state.quotas.production ?? freshQuota, tokens, nowMs) },
      })),
    limits: () => limitsTable.read(),
  };
  return world;
}

/** @returns the URLs and patterns in messages */
export function urlsIn(messages: readonly PurgeMessage[]): readonly string[] {
  return messages.flatMap(({ entries }) =>
    entries.map((entry) => (entry.kind === 'regex' ? entry.pattern : entry.url)),
  );
}
