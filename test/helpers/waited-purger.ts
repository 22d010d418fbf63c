import { type GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { vi } from 'vitest';
import { createUnfollowedNotes } from '../../functions/aws/journal/unfollowed-notes.ts';
import { createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import { createParkedTable } from '../../functions/aws/tables/parked-table.ts';
import { freshQuota, spend } from '../../functions/core/limits/tokens/quota.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { awaitChanges } from '../../infra/cli/purger/history/await-changes.ts';
import { readUrlFacts } from '../../infra/cli/purger/history/url-facts.ts';
import { openLimits } from '../../infra/cli/purger/limits.ts';
import type { Wanted } from '../../infra/cli/queries/why/awaited.ts';
import type { SettledPurge } from '../../infra/cli/queries/why/steps.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import { looseLimits } from './limits-request.ts';
import { createParkedItems } from './parked-items.ts';

/** When changes that are waited for began, in milliseconds; waiting begins half an hour later. */
export const waitedSinceMs = Date.UTC(2026, 10, 26, 8);

/** What a {@link waitedPurger} is like. */
export interface WaitedWorld {
  /** How many messages its purge queue holds, look by look, and then none. */
  readonly queued?: readonly number[];
  readonly purges?: readonly SettledPurge[];
  /** Whether the index of URLs has them. @default true */
  readonly isIndexed?: boolean;
  readonly wanted?: Wanted;
  readonly hiddenLetters?: number;
  readonly deadLetters?: number;
  /** The bodies of dead letters, each time that all are read, the last ones from then on; in place of `deadLetters`. */
  readonly letters?: readonly (readonly string[])[];
  readonly isPaused?: boolean;
  /** For how long from now on CDN Pro refuses the credentials, in milliseconds. */
  readonly refusedMs?: number;
  /** When CDN Pro accepted a purge that is not in the journal, in milliseconds. */
  readonly unfollowedMs?: number;
  /** What waits for tokens, of which none are left. */
  readonly parked?: readonly PurgeEntry[];
}

/** Nothing else than what waits has been on the account. */
const fewTokens = { ...looseLimits, quota: { production: { files: 100, dirs: 20 } } };

/** A purger that `wait` looks at, and a clock. */
export function waitedPurger({
  queued = [],
  purges = [],
  isIndexed = true,
  wanted = { kind: 'changes', sinceMs: waitedSinceMs },
  hiddenLetters = 0,
  deadLetters = 0,
  letters = [Array.from({ length: deadLetters }, () => '{}')],
  isPaused = false,
  refusedMs,
  unfollowedMs,
  parked = [],
}: WaitedWorld = {}) {
  const { client } = createParkedItems();
  const startMs = waitedSinceMs + 30 * 60_000;
  let nowMs = startMs;
  const table = (tableName: string) => ({ client, tableName, nowMs: () => nowMs });
  const sqs = sqsWith(queued, { hiddenLetters, letters });
  const clients = {
    sqs: async () => sqs,
    dynamodb: async () => client,
    lambda: async () => ({ send: async () => ({ State: isPaused ? 'Disabled' : 'Enabled' }) }),
    eventBridge: async () => ({ send: async () => ({ State: isPaused ? 'DISABLED' : 'ENABLED' }) }),
  };
  const purger = {
    clients,
    target: 'production',
    limits: fewTokens,
    planning: {},
    queues: { buffer: 'buffer', deadLetters: 'dead' },
    tables: { journal: 'Journal', parked: 'Parked', ledger: 'Ledger' },
    switches: { submit: '1', tick: 'tick' },
  } as unknown as Purger;
  const said: string[] = [];

  async function stage(): Promise<void> {
    for (const { messages, state, ...purge } of purges) {
      await createJournal(table('Journal')).record({ ...purge, messages });
      const [open] = await createJournal(table('Journal')).open(1);
      if (open !== undefined && state.kind !== 'purging' && state.kind !== 'observed')
        await createJournal(table('Journal')).write(open, state);
      if (isIndexed) await createUrlIndex(table('Journal')).add({ ...purge, messages });
    }
    const parking = createParkedTable({ ...table('Parked'), random: () => 0.5 });
    await parking.park(parked.map((entry) => ({ entry, lane: 'people', sinceMs: nowMs })));
    if (unfollowedMs !== undefined) await createUnfollowedNotes(table('Parked')).add('lost', unfollowedMs);
    const limits = await openLimits(purger);
    if (parked.length > 0) {
      const production = spend(freshQuota, { files: 100, dirs: 20 }, nowMs);
      await limits.note((state) => ({ ...state, quotas: { production } }));
    }
    if (refusedMs !== undefined) await limits.close(nowMs + refusedMs, 'this deployment');
  }

  async function staged<Result>(look: () => Promise<Result>): Promise<Result> {
    // The limits go by the machine's clock.
    vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
    try {
      await stage();
      return await look();
    } finally {
      vi.useRealTimers();
    }
  }

  return {
    said,
    seconds: () => (nowMs - startMs) / 1000,
    wait: (timeoutMs = 600_000) =>
      staged(() =>
        awaitChanges(
          purger,
          { wanted, timeoutMs },
          {
            nowMs: () => nowMs,
            async sleep(ms) {
              nowMs += ms;
              vi.setSystemTime(nowMs);
            },
            progress: (line) => said.push(line),
          },
        ),
      ),
    /** What `why` reads of a URL. */
    facts: (url: string) => staged(() => readUrlFacts(purger, matchUrl(url), { nowMs })),
  };
}

/** SQS: the buffer is read first in each look, and for the dead letters once more. */
function sqsWith(
  queued: readonly number[],
  { hiddenLetters, letters }: Required<Pick<WaitedWorld, 'hiddenLetters' | 'letters'>>,
) {
  const looks = [...queued];
  let reads = 0;
  let received = 0;
  const lettersNow = () => letters[Math.min(reads, letters.length - 1)] ?? [];
  const attributesOf = (count: number) => ({
    ApproximateNumberOfMessages: String(count),
    ApproximateNumberOfMessagesNotVisible: '0',
    ApproximateNumberOfMessagesDelayed: '0',
  });
  return {
    send: async (command: GetQueueAttributesCommand | ReceiveMessageCommand) => {
      const { input } = command;
      if (command instanceof ReceiveMessageCommand) {
        const bodies = lettersNow().slice(received, received + 10);
        const Messages = bodies.map((Body, at) => {
          const id = `${reads}.${received + at}`;
          const sentMs = Date.parse(JSON.parse(Body).rejected?.rejectedAt ?? 0);
          const Attributes = { SentTimestamp: String(sentMs) };
          return { MessageId: `m${id}`, Body, ReceiptHandle: `r${id}`, Attributes };
        });
        // Who has read all lets others receive them again.
        [reads, received] = Messages.length === 0 ? [reads + 1, 0] : [reads, received + Messages.length];
        return { Messages };
      }
      if (!('AttributeNames' in input)) return {};
      const count = input.QueueUrl === 'buffer' ? (looks.shift() ?? 0) : hiddenLetters + lettersNow().length;
      return { Attributes: attributesOf(count) };
    },
  };
}
