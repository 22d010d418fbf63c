import type { MemoryStore, Remembered } from '../../functions/aws/tables/entry-memory-table.ts';
import type { OutgoingMessage } from '../../functions/buffer/send-messages.ts';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { emptyMemory } from '../../functions/core/mapping/entry-memory.ts';
import { purgeByPrefix } from '../../functions/core/mapping/purge-by-prefix.ts';
import type { MappingConfig } from '../../functions/core/mapping/rule.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { hasLists } from '../../functions/receive-webhook/enqueue-webhook.ts';
import type { ReceivePorts, WebhookConfig } from '../../functions/receive-webhook/receive-webhook.ts';
import type { LogLine } from './submit-fixture.ts';

/** What the world around a webhook is. */
export interface WebhookWorldOptions {
  readonly webhooks: Readonly<Record<string, WebhookConfig>>;
  readonly rules?: MappingConfig['rules'];
  /** Texts of secrets by id. */
  readonly secrets: Record<string, string>;
  readonly nowMs?: number;
}

/** A world around the receiving use case, and all that went out into it. */
export interface WebhookWorld {
  readonly ports: ReceivePorts;
  readonly sent: PurgeMessage[];
  /** The delay of each message that was sent. */
  readonly delays: number[];
  readonly lines: LogLine[];
  readonly measured: { readonly name: string; readonly value: number; readonly webhook?: string }[];
  /** What is in the dead letter queue. */
  readonly rejected: OutgoingMessage[];
  readonly items: Map<string, Remembered>;
  /** Deliveries that were queued. */
  readonly seen: Set<string>;
  readonly secretReads: (number | undefined)[];
  nowMs: number;
  /** What a step does before it works: a failure, or a wait for another. */
  before: (step: 'read' | 'write' | 'send' | 'reject') => Promise<void> | void;
  /** Every entry that was sent, in short: `invalidate https://…`. */
  purged(): readonly string[];
}

/** @returns a world with a ledger in memory that behaves as DynamoDB's conditional writes do */
export function createWebhookWorld(options: WebhookWorldOptions): WebhookWorld {
  const { webhooks, rules = [], secrets } = options;
  const config: MappingConfig = { target: 'production', rules };
  const log = (level: LogLine['level']) => (message: string, fields: Record<string, unknown>) => {
    world.lines.push({ level, message, fields });
  };
  const store: MemoryStore = {
    async read(key) {
      await world.before('read');
      return world.items.get(key) ?? { memory: emptyMemory, version: 0 };
    },
    async write(key, memory, version) {
      await world.before('write');
      if ((world.items.get(key)?.version ?? 0) !== version) return false;
      // As it would come back from a table.
      world.items.set(key, { memory: JSON.parse(JSON.stringify(memory)), version: version + 1 });
      return true;
    },
  };
  const world: WebhookWorld = {
    sent: [],
    delays: [],
    lines: [],
    measured: [],
    rejected: [],
    items: new Map(),
    seen: new Set(),
    secretReads: [],
    nowMs: options.nowMs ?? Date.UTC(2026, 0, 1),
    before: () => {},
    purged: () => world.sent.flatMap(({ entries }) => entries.map(shortly)),
    ports: {
      webhooks,
      readSecrets: async (secretId, maxAgeMs) => {
        world.secretReads.push(maxAgeMs);
        const text = secrets[secretId];
        if (text === undefined) throw new Error('there is no such secret');
        return [text];
      },
      memory: () => store,
      deliveries: {
        has: async (webhook, key) => world.seen.has(`${webhook} ${key}`),
        add: async (webhook, key) => void world.seen.add(`${webhook} ${key}`),
      },
      rules: compileRules(config),
      purgeByPrefix: async (change) => purgeByPrefix(config, change),
      hasLists: hasLists(rules),
      send: async (messages) => {
        await world.before('send');
        for (const { body, delaySeconds = 0 } of messages) {
          for (const read of readMessages(body)) {
            if (read.kind !== 'message') throw new Error(read.reason);
            world.sent.push(read.message);
            world.delays.push(delaySeconds);
          }
        }
        return [];
      },
      reject: async (messages) => {
        await world.before('reject');
        world.rejected.push(...messages);
        return [];
      },
      nowMs: () => world.nowMs,
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      measure: (name, value, dimensions) => void world.measured.push({ name, value, ...dimensions }),
    },
  };
  return world;
}

/** @returns an entry's action and what it purges */
export function shortly(entry: PurgeEntry): string {
  return `${entry.action} ${entry.kind === 'regex' ? entry.pattern : entry.url}`;
}
