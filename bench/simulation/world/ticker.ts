import { createTickTurns } from '../../../functions/aws/tables/tick-state.ts';
import type { TickPorts } from '../../../functions/tick/ports.ts';
import { createTick } from '../../../functions/tick/tick.ts';
import {
  type ConsumerOptions,
  contractOf,
  createLife,
  createLimits,
  mortalCalls,
  mortalClient,
  type Surroundings,
} from './consumer.ts';
import type { SimulatedTable } from './table.ts';

/** Options of the function that releases what is parked. */
export interface TickerOptions extends ConsumerOptions {
  /** See `TickOptions`. */
  readonly convertInShortage?: readonly string[];
  /**
   * Whether there are ticks while nothing waits: all that they do then is to ask for a quota that is low.
   * @default false
   */
  readonly ticksWhileIdle?: boolean;
  /** How long a tick lives, in milliseconds from its start; undefined where nothing kills it. */
  readonly tickLifeMs?: (tick: number) => number | undefined;
  /** How many calls of others a tick lives for; undefined where that does not kill it. */
  readonly tickLifeCalls?: (tick: number) => number | undefined;
  /** Breaks a part on purpose, to show that it would be seen. */
  readonly mutateTick?: (ports: TickPorts) => TickPorts;
}

const everyMs = 60_000;
const tickTimeoutMs = 50_000;
const shutdownBudgetMs = 10_000;
/** A killed function is started anew. */
const restartMs = tickTimeoutMs;

/** Runs the real use case each minute. */
export function startTicker(
  options: TickerOptions,
  { clock, queue, cdnPro, table, parkedBy, parkedClient }: Surroundings,
  waiting: SimulatedTable['indexed'],
): void {
  const nowMs = () => Math.floor(clock.nowMs());
  const limitsTable = createLimits(options, table, 'deployment 0', nowMs);
  let life = createLife();
  let ticks = 0;
  let run = start();

  function start() {
    life = createLife();
    const mortal = mortalCalls(life);
    const ports: TickPorts = {
      parked: parkedBy(mortalClient(parkedClient, life)),
      turns: createTickTurns({ client: mortalClient(table, life), tableName: 'parked', nowMs }),
      limitsTable: {
        read: mortal(limitsTable.read),
        reserve: mortal((requests) => limitsTable.reserve(requests)),
        answered: limitsTable.answered,
        note: mortal(limitsTable.note),
        close: mortal(limitsTable.close),
      },
      cdnPro,
      send: mortal(async (messages) => {
        await clock.sleep(20);
        for (const { body } of messages) queue.send(body, 0);
        return [];
      }),
      nowMs,
      log: { info() {}, warn() {}, error() {} },
      measure() {},
    };
    return createTick(options.mutateTick?.(ports) ?? ports, {
      limits: contractOf(options),
      convertInShortage: options.convertInShortage ?? [],
    });
  }

  async function tick(): Promise<void> {
    const startedMs = nowMs();
    const lifeMs = options.tickLifeMs?.(ticks);
    life.callsLeft = options.tickLifeCalls?.(ticks) ?? Number.POSITIVE_INFINITY;
    ticks++;
    const ended = run({
      deadlineMs: startedMs + tickTimeoutMs - shutdownBudgetMs,
      endMs: startedMs + tickTimeoutMs,
    });
    // What a failed tick has not done, the next one does.
    const isAlive = await Promise.race([
      ended.then(
        () => true,
        () => true,
      ),
      clock.sleep(lifeMs ?? restartMs).then(() => false),
    ]);
    if (isAlive) return;
    life.isOver = true;
    run = start();
  }

  const next = () => {
    if (options.ticksWhileIdle || waiting().length > 0) void tick();
    clock.at(clock.nowMs() + everyMs, next);
  };
  clock.at(everyMs, next);
}
