import type { AcceptedPurge } from '../../functions/aws/journal/purge-recorder.ts';
import type { IndexedPurge } from '../../functions/aws/journal/url-index.ts';
import type { LimitsGrant } from '../../functions/aws/tables/limits-table.ts';
import type { Parked, ToPark } from '../../functions/aws/tables/parked-table.ts';
import type { OutgoingMessage } from '../../functions/buffer/send-messages.ts';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import type { CdnProClient, PreparedClient } from '../../functions/cdn-pro/client.ts';
import {
  type GrantedSlot,
  type Limits,
  type LimitsState,
  reserveRequest,
  unusedLimits,
} from '../../functions/core/limits/limits.ts';
import type { Pacing } from '../../functions/core/limits/requests/pacing.ts';
import type { RateLimit } from '../../functions/core/limits/requests/window.ts';
import type { Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import { type PurgeMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { PurgeRequestBody } from '../../functions/core/planning/planned-request.ts';
import { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import { LearnedLimits } from '../../functions/core/planning/refusals/learned-limits.ts';
import type { BufferedMessage, SubmitPorts } from '../../functions/submit/ports.ts';

/** A line that was logged. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** What the world around a submission does. */
export interface WorldOptions {
  readonly answer: (body: PurgeRequestBody, request: number) => Answer;
  readonly limit?: RateLimit;
  /** @default looseContract */
  readonly contract?: Limits;
  /** What CDN Pro says is left of the day's tokens, and what its quota is, where it does say so. */
  readonly tells?: {
    readonly left?: Tokens;
    readonly quota?: Tokens;
    /** What a GET is answered in their place. */
    readonly status?: number;
    readonly retryAfterMs?: number;
  };
  /** Changes what is known of the limits at the beginning. */
  readonly known?: (unused: LimitsState) => LimitsState;
  /** What waits of entries that were purged. */
  readonly waiting?: (entries: readonly PurgeEntry[]) => readonly Parked[];
  /** Whether the n-th entry cannot be parked. */
  readonly refusesToPark?: (index: number) => boolean;
  /** Whether the n-th message sent to a queue cannot be sent. */
  readonly refusesMessage?: (queue: 'requeue' | 'reject', index: number) => boolean;
  readonly ledgerFails?: (call: number) => boolean;
}

/** The limits of a contract with which only the window binds, for tests of anything else. */
export const looseContract: Limits = {
  rate: { requests: 300, perSeconds: 300, headroom: 0 },
  bucket: { perMinute: 6000, burst: 10_000 },
  requestCost: 1,
  quota: { production: { files: 1_000_000, dirs: 10_000 } },
  tokenUnit: 'url',
};

/** A world with its own clock around the submit use case, and all that went out into it. */
export interface World {
  readonly ports: SubmitPorts;
  readonly requests: { readonly atMs: number; readonly body: PurgeRequestBody; readonly answer: Answer }[];
  readonly requeued: (OutgoingMessage & { readonly message: PurgeMessage })[];
  readonly rejected: OutgoingMessage[];
  readonly parked: ToPark[];
  /** What was written into the journal. */
  readonly recorded: AcceptedPurge[];
  /** Whose URLs were written down. */
  readonly indexed: IndexedPurge[];
  /** The IDs of purges that could not be recorded. */
  readonly unfollowed: string[];
  /** What was removed from what is parked. */
  readonly removed: string[];
  /** The limits as they are kept. */
  readonly limits: () => LimitsState;
  /** What was asked of CDN Pro, by GET. */
  readonly asked: ('purgeTokens' | 'serviceQuotas')[];
  readonly lines: LogLine[];
  /** Sums of the metrics by name. */
  readonly metrics: Map<string, number>;
  readonly sleeps: number[];
  forgotten: number;
  nowMs: number;
}

/** Lets every request go as soon as the window has a slot. */
const atOnce: Pacing = ({ pace }) => ({ kind: 'go', pace });

/** @returns a world that starts at time 0; a request takes 100 ms in it */
export function createWorld({
  answer,
  limit,
  contract = looseContract,
  tells = {},
  known = (unused) => unused,
  waiting,
  refusesMessage,
  refusesToPark,
  ledgerFails,
}: WorldOptions): World {
  const limits = limit === undefined ? contract : { ...contract, rate: limit };
  let state: LimitsState = known(unusedLimits(limits, 0));
  let closedUntilMs = 0;
  let ledgerCalls = 0;
  let offeredToPark = 0;
  const sent = { requeue: 0, reject: 0 };
  const send = (queue: 'requeue' | 'reject', accept: (message: OutgoingMessage) => void) => {
    return async (messages: readonly OutgoingMessage[]) =>
      messages.flatMap((message, index) => {
        if (refusesMessage?.(queue, sent[queue]++)) return [{ index, reason: 'refused by the test' }];
        accept(message);
        return [];
      });
  };
  const log = (level: LogLine['level']) => (message: string, fields: Record<string, unknown>) => {
    // The logger drops a field of this name: it is the line's own.
    if ('message' in fields) throw new Error(`the line "${message}" has a field "message"`);
    world.lines.push({ level, message, fields });
  };
  const world: World = {
    requests: [],
    requeued: [],
    rejected: [],
    parked: [],
    asked: [],
    recorded: [],
    indexed: [],
    unfollowed: [],
    removed: [],
    limits: () => state,
    lines: [],
    metrics: new Map(),
    sleeps: [],
    forgotten: 0,
    nowMs: 0,
    ports: {
      limitsTable: {
        read: async () => state,
        async note(change) {
          state = change(state, world.nowMs);
        },
        async reserve(asked, note = (same) => same): Promise<LimitsGrant> {
          if (ledgerFails?.(ledgerCalls++)) throw new Error('the table is gone');
          state = note(state);
          const wait = { kind: 'wait', for: 'window', usedShare: 0 } as const;
          if (world.nowMs < closedUntilMs) return { ...wait, untilMs: closedUntilMs };
          const slots: GrantedSlot[] = [];
          for (const request of asked) {
            const terms = { guardMs: 0, nowMs: world.nowMs, pacing: atOnce };
            const reservation = reserveRequest(state, limits, request, terms);
            if (reservation.kind !== 'granted' && slots.length === 0) return reservation;
            if (reservation.kind !== 'granted') break;
            state = reservation.state;
            slots.push(reservation.slot);
          }
          return { kind: 'granted', slots, usedShare: 0, sentByMs: Number.POSITIVE_INFINITY };
        },
        answered() {},
        async close(untilMs) {
          closedUntilMs = Math.max(closedUntilMs, untilMs);
        },
      },
      cdnPro: clientOf({
        async submit(body) {
          const given = answer(body, world.requests.length);
          world.requests.push({ atMs: world.nowMs, body, answer: given });
          world.nowMs += 100;
          return given;
        },
        async purgeTokens() {
          world.asked.push('purgeTokens');
          const { left, status, retryAfterMs } = tells;
          if (left !== undefined) return { status: 200, value: left };
          return status === undefined ? {} : { status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
        },
        async serviceQuotas() {
          world.asked.push('serviceQuotas');
          if (tells.status === 429) return { status: 429 };
          return tells.quota === undefined ? {} : { status: 200, value: { production: tells.quota } };
        },
      }),
      forgetCredentials: () => {
        world.forgotten++;
      },
      requeue: send('requeue', (message) => {
        for (const read of readMessages(message.body)) {
          if (read.kind !== 'message') throw new Error(read.reason);
          world.requeued.push({ ...message, body: writeMessage(read.message), message: read.message });
        }
      }),
      reject: send('reject', (message) => world.rejected.push(message)),
      async park(items) {
        return items.flatMap((item) => {
          if (refusesToPark?.(offeredToPark++)) return [{ item, reason: 'refused by the test' }];
          world.parked.push(item);
          return [];
        });
      },
      journal: {
        async record(purge) {
          world.recorded.push(purge);
        },
      },
      async indexUrls(purge) {
        world.indexed.push(purge);
      },
      async noteUnfollowed(purgeId) {
        world.unfollowed.push(purgeId);
      },
      async findPurged(entries) {
        world.removed.push(...entries.map(entryText));
        return { found: waiting?.(entries) ?? [], failures: [] };
      },
      removeParked: async () => true,
      recover: async () => undefined,
      noteRecovered: async () => {},
      evidence: new Evidence({ isolationRequests: 15 }),
      learnedLimits: new LearnedLimits(),
      nowMs: () => world.nowMs,
      sleep: async (ms) => {
        world.sleeps.push(ms);
        world.nowMs += ms;
      },
      random: () => 0.5,
      measure: (name, value) => world.metrics.set(name, (world.metrics.get(name) ?? 0) + value),
      log: { info: log('info'), warn: log('warn'), error: log('error') },
    },
  };
  return world;
}

/** @returns a client whose credentials are always at hand */
export function clientOf(prepared: PreparedClient): CdnProClient {
  return { prepare: async () => prepared };
}

/** @returns ports that send purge requests in another way */
export function sendingBy(
  ports: SubmitPorts,
  submitWith: (submit: PreparedClient['submit']) => PreparedClient['submit'],
): SubmitPorts {
  return {
    ...ports,
    cdnPro: {
      async prepare() {
        const client = await ports.cdnPro.prepare();
        return { ...client, submit: submitWith(client.submit) };
      },
    },
  };
}

/** @returns a message that asks for these URLs, as the purge queue delivers it */
export function buffered(messageId: string, ...urls: string[]): BufferedMessage {
  const entries = urls.map((url) => ({ kind: 'file', url, target: 'production', action: 'invalidate' }));
  const change = { source: 's3', action: 'put', id: messageId, occurredAt: '1970-01-01T00:00:00.000Z' };
  return { messageId, body: JSON.stringify({ v: 1, change, entries }) };
}
