import type { LimitsState } from '../../core/limits/limits.ts';
import { classify, type SenderTallies, senderOf } from '../../core/limits/tokens/lane.ts';
import { noteTallies, type Senders, senderIn } from '../../core/limits/tokens/senders.ts';
import type { MessageInHand } from '../batch.ts';

/**
 * Gives each message a lane that does not have one yet. A copy keeps it, so that each message counts once.
 * @param messages the oldest changes first
 */
export function classifyMessages(
  messages: readonly MessageInHand[],
  { senders }: Pick<LimitsState, 'senders'>,
  nowMs: number,
): readonly MessageInHand[] {
  return classifyAll(messages, senders, nowMs).classified;
}

/** Counts messages that have no lane yet among those of their senders. */
export function tallyMessages(messages: readonly MessageInHand[], senders: Senders, nowMs: number): Senders {
  let counted = senders;
  for (const [name, tallies] of classifyAll(messages, senders, nowMs).tallies) {
    counted = noteTallies(counted, name, tallies, nowMs);
  }
  return counted;
}

function classifyAll(messages: readonly MessageInHand[], senders: Senders, nowMs: number) {
  const tallies = new Map<string, SenderTallies>();
  const classified = messages.map((inHand) => {
    const { change, entries, lane } = inHand.message;
    if (lane !== undefined) return inHand;
    const name = senderOf(change);
    const known = tallies.get(name ?? '') ?? senderIn(senders, name ?? '');
    const counted = classify(change, entries.length, known, nowMs);
    if (name !== undefined) tallies.set(name, counted.tallies);
    return { ...inHand, message: { ...inHand.message, lane: counted.lane } };
  });
  return { classified, tallies };
}
