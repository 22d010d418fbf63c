import type { LimitsGrant } from '../../functions/aws/limits-table.ts';
import type { OutgoingMessage } from '../../functions/buffer/send-messages.ts';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import type { CdnProClient, PreparedClient } from '../../functions/cdn-pro/client.ts';
import { defaultBucket } from '../../functions/core/limits/bucket.ts';
import { type GrantedSlot, type LimitsState, unusedLimits } from '../../functions/core/limits/limits.ts';
import { type RateLimit, reserve } from '../../functions/core/limits/window.ts';
import { type PurgeMessage, readMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeRequestBody } from '../../functions/core/planning/planned-request.ts';
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
  /** Whether the n-th message sent to a queue cannot be sent. */
  readonly refusesMessage?: (queue: 'requeue' | 'reject', index: number) => boolean;
  readonly ledgerFails?: (call: number) => boolean;
  /**
   * How many messages wait in the purge queue.
   * @default 0
   */
}

/** A world with its own clock around the submit use case, and all that went out into it. */
export interface World {
  readonly ports: SubmitPorts;
  readonly requests: { readonly atMs: number; readonly body: PurgeRequestBody; readonly answer: Answer }[];
  readonly requeued: (OutgoingMessage & { readonly message: PurgeMessage })[];
  readonly rejected: OutgoingMessage[];
  readonly lines: LogLine[];
  /** Sums of the metrics by name. */
  readonly metrics: Map<string, number>;
  readonly sleeps: number[];
  /** Most file URLs in a request, as CDN Pro has shown. */
  readonly learned: number[];
  forgotten: number;
  nowMs: number;
}

/** @returns a world that starts at time 0; a request takes 100 ms in it */
export function createWorld({ answer, limit, refusesMessage, ledgerFails }: WorldOptions): World {
  let state: LimitsState = unusedLimits({ bucket: defaultBucket }, 0);
  let closedUntilMs = 0;
  let ledgerCalls = 0;
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
    lines: [],
    metrics: new Map(),
    sleeps: [],
    learned: [],
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
            const reservation = reserve(
              state.window,
              limit ?? { requests: 300, perSeconds: 300, headroom: 0 },
              0,
              world.nowMs,
            );
            if (reservation.kind === 'wait' && slots.length === 0) return { ...wait, ...reservation };
            if (reservation.kind === 'wait') break;
            state = { ...state, window: reservation.window };
            slots.push({ slot: reservation.slot, sequence: 0, countedMs: 0, request });
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
        purgeTokens: async () => ({ status: 200, value: { files: 5000, dirs: 20 } }),
        serviceQuotas: async () => ({}),
      }),
      forgetCredentials: () => {
        world.forgotten++;
      },
      requeue: send('requeue', (message) => {
        const read = readMessage(message.body);
        if (read.kind !== 'message') throw new Error(read.reason);
        world.requeued.push({ ...message, message: read.message });
      }),
      reject: send('reject', (message) => world.rejected.push(message)),
      recover: () => undefined,
      learn: ({ maxFileUrls }) => world.learned.push(maxFileUrls),
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
