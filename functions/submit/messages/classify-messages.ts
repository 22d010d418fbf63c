import type { LimitsState } from '../../core/limits/limits.ts';
import { classify, senderOf } from '../../core/limits/tokens/lane.ts';
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
  let counted = senders;
  return messages.map((inHand) => {
    if (inHand.message.lane !== undefined) return inHand;
    const { lane, senders } = classifyOne(inHand, counted, nowMs);
    counted = senders;
    return { ...inHand, message: { ...inHand.message, lane } };
  });
}

/** Counts messages that have no lane yet among those of their senders. */
export function tallyMessages(messages: readonly MessageInHand[], senders: Senders, nowMs: number): Senders {
  return messages
    .filter(({ message }) => message.lane === undefined)
    .reduce((counted, inHand) => classifyOne(inHand, counted, nowMs).senders, senders);
}

function classifyOne({ message: { change, entries } }: MessageInHand, senders: Senders, nowMs: number) {
  const name = senderOf(change);
  const { lane, tallies } = classify(change, entries.length, senderIn(senders, name ?? ''), nowMs);
  return { lane, senders: name === undefined ? senders : noteTallies(senders, name, tallies, nowMs) };
}
