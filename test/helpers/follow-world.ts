import type { Progress } from '../../functions/aws/journal/progress-notes.ts';
import type { AcceptedPurge } from '../../functions/aws/journal/purge-recorder.ts';
import { createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { createUrlSearch } from '../../functions/aws/journal/url-search.ts';
import { createJournal, type OpenPurge } from '../../functions/aws/tables/journal-table.ts';
import { createLimitsTable } from '../../functions/aws/tables/limits-table.ts';
import type { PurgeReader } from '../../functions/cdn-pro/client.ts';
import { mostInPage } from '../../functions/cdn-pro/tasks.ts';
import type { Observation } from '../../functions/core/following/decide-purge.ts';
import type { Limits } from '../../functions/core/limits/limits.ts';
import { priceOf } from '../../functions/core/limits/price.ts';
import { freshQuota, spend, type Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { DirEntry, FileEntry, PurgeEntry, Shows } from '../../functions/core/model/types.ts';
import type { Answer } from '../../functions/core/proving/judge.ts';
import type { Verdict } from '../../functions/core/proving/probe.ts';
import { createProber } from '../../functions/probe/probe-urls.ts';
import { createFollower } from '../../functions/tick/follow/follow.ts';
import type { FollowPorts } from '../../functions/tick/follow/follow-ports.ts';
import type { PurgeEnded } from '../../functions/tick/follow/purge-ended-event.ts';
import { fileEntry } from './changes.ts';
import { createEdge, type EdgeFate } from './edge-world.ts';
import { createParkedItems } from './parked-items.ts';
import { minuteMs, worldBeginsMs } from './tick-world.ts';

/** What CDN Pro makes of a purge. */
export interface Fate {
  /** @default 20 s */
  readonly takesMs?: number;
  /** @default 100 */
  readonly successRate?: number;
  /** How long CDN Pro does not know it after its request; infinite where it never does. */
  readonly unseenMs?: number;
  /** How long before its answer it was sent. @default 0 */
  readonly answerMs?: number;
  /** Directories that it names in place of files. @default - none */
  readonly instead?: readonly DirEntry[];
  /** What the edge makes of it. @default - it obeys at once, and so does its parent */
  readonly edge?: EdgeFate;
}

/** A purge as the world knows it. */
export interface WorldPurge extends Required<Omit<Fate, 'edge' | 'instead'>> {
  readonly purgeId: string;
  readonly acceptedMs: number;
  readonly keys: readonly string[];
  readonly files: readonly FileEntry[];
  readonly repair: number;
  /** The purges that it repeats. */
  readonly repeats: readonly string[];
}

/** What the world around purges does. */
export interface FollowWorldOptions {
  /** Of the day's files. */
  readonly files?: number;
  /** Called before and after each step that the world sees. Where it throws, the tick has crashed. */
  readonly step?: (what: string) => void;
  /** What ticks use in place of the ports that work. */
  readonly ports?: (ports: FollowPorts) => FollowPorts;
  /** Whether CDN Pro answers. */
  readonly answers?: () => boolean;
  /** What the edge answers in place of the truth; a reason where it does not answer. */
  readonly edgeSays?: (truth: Answer) => Answer | string;
  /** What the origin answers for what does not exist. @default 404 */
  readonly fallback?: Answer;
}

const vantages = { production: ['dns'], staging: [] };

/** @returns a world with its own clock, in which `submit` sends what the purge queue holds a moment later */
export function createFollowWorld({
  files = 5000,
  step = () => {},
  answers,
  edgeSays = (truth) => truth,
  fallback,
  ...options
}: FollowWorldOptions = {}) {
  const stepAround = (what: string) => step(`before ${what}`);
  const items = createParkedItems(stepAround, (what) => step(`after ${what}`));
  const nowMs = () => world.nowMs;
  const edge = createEdge(nowMs, fallback);
  const journal = createJournal({ client: items.client, tableName: 'Journal', nowMs });
  const recorder = createJournal({ client: items.otherClient, tableName: 'Journal', nowMs });
  const index = { client: createParkedItems().client, tableName: 'Journal', nowMs };
  const urlIndex = createUrlIndex(index);
  const limits: Limits = {
    rate: { requests: 300, perSeconds: 300, headroom: 0 },
    bucket: { perMinute: 30, burst: 60 },
    requestCost: 1,
    quota: { production: { files, dirs: 20 } },
    tokenUnit: 'url',
  };
  const limitsTable = createLimitsTable({
    client: createParkedItems().client,
    tableName: 'Ledger',
    deployment: 'this',
    limits,
    guardMs: 13_000,
    clockDifferenceMs: 2000,
    nowMs,
  });

  const probe = createProber({
    vantages,
    find: async () => ({ protocol: 'https:', address: '1.2.3.4', port: 443 }),
    async ask(url) {
      const answer = edgeSays(edge.ask(url.href));
      if (typeof answer === 'string') return { reason: answer };
      return { answer, seen: { address: '1.2.3.4', status: answer.status } };
    },
    nowMs,
    async sleep(ms) {
      world.nowMs += ms;
    },
  });

  function observationOf({ acceptedMs, takesMs, successRate }: WorldPurge): Observation {
    const finishedMs = acceptedMs + takesMs;
    if (world.nowMs < finishedMs) return { kind: 'underway', successRate: 40 };
    return { kind: 'finished', successRate, finishedMs: Math.floor(finishedMs / 1000) * 1000 };
  }

  const isSeen = ({ acceptedMs, unseenMs }: WorldPurge) => world.nowMs >= acceptedMs + unseenMs;
  const reader: PurgeReader = {
    async purges({ fromMs, offset }) {
      world.asked.push('list');
      if (answers?.() === false) return { status: 500 };
      const seen = world.purges.filter((purge) => isSeen(purge) && purge.acceptedMs >= fromMs);
      const rows = seen.slice(offset, offset + mostInPage);
      const last = rows.at(-1);
      return {
        status: 200,
        value: {
          observations: new Map(rows.map((purge) => [purge.purgeId, observationOf(purge)])),
          rows: rows.length,
          ...(last !== undefined && { lastSubmittedMs: last.acceptedMs }),
        },
      };
    },
    async purge(purgeId) {
      world.asked.push(purgeId);
      if (answers?.() === false) return { status: 500 };
      const purge = world.purges.find((each) => each.purgeId === purgeId && isSeen(each));
      return purge === undefined
        ? { status: 404, value: { kind: 'unknown' } }
        : { status: 200, value: observationOf(purge) };
    },
  };

  let progress: Progress = { seen: {} };
  const ports: FollowPorts = {
    journal,
    search: createUrlSearch(index),
    unfollowed: { read: async () => undefined },
    progress: {
      read: async () => progress,
      async write(next) {
        progress = next;
      },
    },
    limitsTable,
    cdnPro: { prepare: async () => reader },
    async send(messages) {
      step('before send');
      world.sentBodies += messages.length;
      for (const { body } of messages) {
        for (const read of readMessages(body)) if (read.kind === 'message') world.sent.push(read.message);
      }
      step('after send');
      return [];
    },
    nowMs,
    async reject(messages) {
      step('before reject');
      for (const { body } of messages) world.deadLetters.push(JSON.parse(body));
      step('after reject');
      return [];
    },
    probing: {
      vantages,
      async probe(request) {
        step('before probe');
        const { verdicts } = await probe(request);
        for (const [index, { url, shows }] of request.probes.entries()) {
          world.probed.push({ url, shows, kind: verdicts[index]?.kind ?? 'unproven', atMs: world.nowMs });
        }
        step('after probe');
        return { verdicts };
      },
    },
    purger: 'Stack-Purger',
    async putEvent(type, detail) {
      step('before event');
      world.events.push({ type, atMs: world.nowMs, ...detail } as never);
      step('after event');
    },
    sleep: async () => {},
    log: { info: note, warn: note, error: note },
    measure: (name, value) => world.metrics.push({ name, value }),
  };

  function note(message: string, fields: Record<string, unknown>): void {
    world.lines.push({ message, fields });
    step(`after ${message}`);
  }

  const start = () => createFollower(options.ports?.(ports) ?? ports, { limits });
  let run = start();
  let delivered = 0;
  const world = {
    nowMs: worldBeginsMs,
    purges: [] as WorldPurge[],
    /** Messages in the purge queue, those that were delivered included. */
    sent: [] as PurgeMessage[],
    /** How many bodies these were in. */
    sentBodies: 0,
    /** Messages in the dead letter queue. */
    deadLetters: [] as PurgeMessage[],
    asked: [] as string[],
    lines: [] as { readonly message: string; readonly fields: Record<string, unknown> }[],
    metrics: [] as { readonly name: string; readonly value: number }[],
    /** What was put onto the event bus. */
    events: [] as ({ readonly type: string; readonly atMs: number } & PurgeEnded)[],
    /** What probes have said. */
    probed: [] as {
      readonly url: string;
      readonly kind: Verdict['kind'];
      /** What the page should show. */
      readonly shows: Shows;
      readonly atMs: number;
      /** Whether the tick that has asked has crashed. */
      isLost?: boolean;
    }[],
    edge,
    /** What was noted of slow purges. */
    progress: () => progress,
    ports,
    items: items.items,
    /** Runs a tick, or two at once, a minute after the one before. */
    async tick(times = 1, atOnce = 1): Promise<void> {
      for (let count = 0; count < times; count++) {
        world.nowMs += minuteMs;
        const time = { deadlineMs: world.nowMs + 40_000 };
        const others = Array.from({ length: atOnce - 1 }, () => start()(time));
        await Promise.all([run(time), ...others]);
      }
    },
    /** As a function that has just started. */
    restart(): void {
      run = start();
    },
    /** CDN Pro accepts a purge, and `submit` writes it down. */
    async accept(messages: readonly PurgeMessage[], fate: Fate = {}): Promise<string> {
      const entries = messages.flatMap((message) => message.entries);
      const purgeId = `p${world.purges.length}`;
      const { takesMs = 20_000, successRate = 100, unseenMs = 0, answerMs = 0, instead = [] } = fate;
      const accepted: AcceptedPurge = {
        purgeId,
        target: 'production',
        lane: messages[0]?.lane ?? 'people',
        sentMs: world.nowMs - answerMs,
        acceptedMs: world.nowMs,
        urls: priceOf(
          [
            ...messages.flatMap(({ entries, covered = 0 }) => entries.slice(0, entries.length - covered)),
            ...instead,
          ],
          'url',
        ),
        repair: Math.min(...messages.map(({ repair = 0 }) => repair)),
        messages,
        ...(instead.length > 0 && { instead }),
      };
      const keys = entries.map(entryKey);
      const { acceptedMs, repair } = accepted;
      const repeats = messages.flatMap((message) => message.repeats ?? []);
      const times = { acceptedMs, takesMs, unseenMs, answerMs };
      const files = entries.filter((entry) => entry.kind === 'file');
      world.purges.push({ purgeId, ...times, keys, files, repair, repeats, successRate });
      const isObeyed = successRate >= 100 && Number.isFinite(unseenMs);
      edge.purge(
        files.map(({ url }) => url),
        takesMs,
        {
          ...fate.edge,
          ...(!isObeyed && { obeys: false }),
        },
      );
      await recorder.record(accepted);
      await urlIndex.add({ purgeId, acceptedMs, messages });
      return purgeId;
    },
    /** `submit` sends what waits in the purge queue. */
    async deliver(fate: () => Fate = () => ({})): Promise<void> {
      const waiting = world.sent.slice(delivered);
      // A tick that was taken for dead may send more meanwhile.
      delivered += waiting.length;
      for (const message of waiting) await world.accept([message], fate());
    },
    /** Has this many tokens spent now. */
    spend: (tokens: Tokens): Promise<void> =>
      limitsTable.note((state, atMs) => ({
        ...state,
        quotas: { ...state.quotas, production: spend(state.quotas.production ?? freshQuota, tokens, atMs) },
      })),
    open: (): Promise<readonly OpenPurge[]> => recorder.open(1000),
    /** How a purge has ended, each time that it was announced. */
    ends: (purgeId: string): readonly string[] =>
      world.lines.flatMap(({ fields: { purgeId: id, end } }) =>
        id === purgeId && typeof end === 'string' ? [end] : [],
      ),
    measured: (name: string): readonly number[] =>
      world.metrics.flatMap((metric) => (metric.name === name ? [metric.value] : [])),
  };
  return world;
}

/** @returns a message for files, as `submit` has it in hand */
export function messageFor(...urls: readonly string[]): PurgeMessage {
  const entries: readonly PurgeEntry[] = urls.map((url) => fileEntry(url));
  const change = {
    source: 's3',
    action: 'put',
    id: 's3://bucket/key',
    occurredAt: new Date(0).toISOString(),
  };
  return { v: 1, change, entries, lane: 'people', since: worldBeginsMs };
}

/** @returns the same message, for changes that happen in the world: its files show them from then on */
export function changeIn(
  { edge }: Pick<FollowWorld, 'edge'>,
  message: PurgeMessage,
  action: 'put' | 'delete' = 'put',
): PurgeMessage {
  const entries = message.entries.map((entry) =>
    entry.kind === 'file' ? { ...entry, shows: edge.change(entry.url, action) } : entry,
  );
  return { ...message, entries };
}

export type FollowWorld = ReturnType<typeof createFollowWorld>;
