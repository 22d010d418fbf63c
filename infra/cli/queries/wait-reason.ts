import type { ParkReason } from '../../../functions/core/limits/send-or-park.ts';

/** Why something waits for tokens of the day, in words. */
export const waitReasonText: Readonly<Record<ParkReason, string>> = {
  tokens: 'its lane has no token left',
  share: 'the sender has had half of the day, and others wait',
  hold: 'held, so that more changes go along',
  prefix: 'more purges by prefix than a day allows, which nobody asked for',
};
