import type { PurgeMessage } from '../purge-message.ts';

/** What makes a purge one that is sent in addition to an earlier purge. */
export type SecondPurge = Pick<PurgeMessage, 'repair' | 'repeats'>;

/**
 * @param purges that one purge settles
 * @returns what that purge is: as few repairs as the one with the fewest, and a repeat only where all are, so that a
 * change has all repairs and the repeat that it would have had alone
 */
export function secondPurgeOf(purges: readonly SecondPurge[]): SecondPurge {
  const repair = purges.length === 0 ? 0 : Math.min(...purges.map(({ repair = 0 }) => repair));
  const repeats = purges.every((purge) => purge.repeats !== undefined) ? purges.at(-1)?.repeats : undefined;
  return { ...(repair > 0 && { repair }), ...(repeats !== undefined && { repeats }) };
}
