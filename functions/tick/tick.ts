import type { TickState, Turn } from '../aws/tables/tick-state.ts';
import type { LimitsState } from '../core/limits/limits.ts';
import { noteReleased, withOutstanding } from '../core/limits/released-tokens.ts';
import { noteWaiting, type TokenKind } from '../core/limits/tokens/senders.ts';
import type { Target } from '../core/model/types.ts';
import { tickEvents } from '../lambda/log-events.ts';
import { recentlyConverted } from './converted.ts';
import { createDecisions, type Decisions } from './decide.ts';
import type { TickOptions, TickPorts } from './ports.ts';
import { type Released, releaseParked } from './release.ts';
import { createTally, type Tally } from './tally.ts';
import { measureTokens } from './tokens/measure-tokens.ts';
import { createTokenReader, isAnyLow } from './tokens/read-tokens.ts';

/** The time that a tick has. */
export interface TickTime {
  /** When to begin nothing more, in milliseconds. */
  readonly deadlineMs: number;
  /** When it is over for certain, in milliseconds. */
  readonly endMs: number;
}

/** How often all that waits is counted, and the limits are looked at while nothing waits, in milliseconds. */
const countEveryMs = 5 * 60 * 1000;
/** Ticks do not come at equal distances. */
const earlyMs = 10_000;

const targets: readonly Target[] = ['production', 'staging'];

/**
 * @returns what each tick does: it releases what waits for tokens of the day as far as they have come back, and keeps the
 * count of tokens right. While nothing waits it costs one small read.
 */
export function createTick(ports: TickPorts, options: TickOptions): (time: TickTime) => Promise<void> {
  const reader = createTokenReader(ports, options);
  let lookedMs = Number.NEGATIVE_INFINITY;

  async function lookAtTokens(): Promise<void> {
    if (ports.nowMs() - lookedMs < countEveryMs - earlyMs) return;
    lookedMs = ports.nowMs();
    const state = await reader.read([]);
    if (isAnyLow(state, options, ports.nowMs())) {
      measureTokens(state, options.limits, ports.measure, ports.nowMs());
    }
  }

  return async (time) => {
    if (!(await ports.parked.isWaiting())) return lookAtTokens();
    const turn = await ports.turns.take(time.endMs);
    if (turn === undefined) return;
    const state = await reader.read(await waitingTargets(ports));
    await releaseInTurn(turn, state, time, ports, options);
  };
}

async function waitingTargets({ parked }: TickPorts): Promise<readonly Target[]> {
  const waiting: Target[] = [];
  for (const target of targets) {
    if ((await isAny(parked.oldest(target, 'dirs', 1))) || (await isAny(parked.oldest(target, 'files', 1)))) {
      waiting.push(target);
    }
  }
  return waiting;
}

async function isAny(items: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of items) return true;
  return false;
}

async function releaseInTurn(
  turn: Turn,
  limitsState: LimitsState,
  { deadlineMs }: TickTime,
  ports: TickPorts,
  options: TickOptions,
): Promise<void> {
  const startedMs = ports.nowMs();
  const { released: before, countedMs, senders } = turn.state;
  const converted = recentlyConverted(turn.state.converted, startedMs);
  const decisions = createDecisions(
    withOutstanding(limitsState, before, startedMs),
    options.limits,
    startedMs,
  );
  const tally = createTally();
  const isCountDue = startedMs - countedMs >= countEveryMs - earlyMs;
  const released: Released = { urls: new Map(), tokens: new Map() };
  let next: TickState = turn.state;
  try {
    const isComplete = isCountDue || options.convertInShortage.length > 0;
    const context = { ports, options, decisions, tally, released, converted, isComplete, deadlineMs };
    const isAllRead = await releaseParked(context);
    // What a tick has no time to read keeps nobody from tokens: it is not released either, and may be gone.
    // Where all that was read is released, what was not read goes on waiting, and nothing is known of it.
    const isKnown = isAllRead || !tally.isEmpty;
    const isCounted = isAllRead || (isCountDue && isKnown);
    const waiting = (kind: TokenKind) => [
      ...new Set([...(isCounted ? [] : senders[kind]), ...tally.senders[kind]]),
    ];
    next = { ...next, senders: { files: waiting('files'), dirs: waiting('dirs') } };
    await noteWaitingSenders(next.senders, ports);
    if (isCountDue && isAllRead) next = { ...next, countedMs: startedMs };
    // Of a backlog that cannot be read in one tick, what goes first was read: alarms would be silent otherwise.
    if (isCountDue) measureAll(isKnown ? tally : undefined, decisions, limitsState, ports, options);
  } finally {
    const { urls, tokens } = released;
    if (urls.size > 0) ports.log.info(tickEvents.released, { urls: Object.fromEntries(urls) });
    // Where a token is a request, what is released hardly costs any.
    const costs = options.limits.tokenUnit === 'url' ? Object.fromEntries(tokens) : {};
    await turn.end({ ...next, converted, released: noteReleased(before, costs, limitsState, startedMs) });
  }
}

/** Who waits says so each minute, since others then take no more than their share. */
async function noteWaitingSenders(
  { files, dirs }: TickState['senders'],
  { limitsTable }: TickPorts,
): Promise<void> {
  if (files.length + dirs.length === 0) return;
  await limitsTable.note((state, nowMs) => ({
    ...state,
    senders: noteWaiting(noteWaiting(state.senders, files, nowMs, ['files']), dirs, nowMs, ['dirs']),
  }));
}

function measureAll(
  tally: Tally | undefined,
  decisions: Decisions,
  state: LimitsState,
  { measure, nowMs }: TickPorts,
  { limits }: TickOptions,
): void {
  tally?.measure(decisions, measure, nowMs());
  measureTokens(state, limits, measure, nowMs());
}
