import type { OriginChange } from '../../../../functions/core/model/types.ts';

/** A kind of changes that may purge a URL. */
export interface Candidate<Change extends OriginChange = OriginChange> {
  /** It in words, e.g. `s3://www/posts/{year}/hello.md`. */
  readonly words: string;
  /** Whether it is one object or entry. */
  readonly isWhole: boolean;
  /** Only those whose pages are at most so many directories below the URL. */
  readonly levelsBelow?: number;
  /** The values in it that may be in upper or lower case. */
  readonly ofAnyCase?: readonly string[];
  /** Changes of this kind, without what happened; one of them suffices as a proof. */
  readonly examples: Iterable<Omit<Change, 'action'>>;
  /**
   * Changes that the words may seem to have, and then some next to them: one that does not purge the URL says where they end.
   * @param example one that purges it
   */
  nearMisses(example: Omit<Change, 'action'>): Iterable<NearMiss<Change>>;
}

/** A change, without what happened. */
export interface NearMiss<Change extends OriginChange = OriginChange> {
  /** It in words, to follow `not`. */
  readonly words: string;
  readonly change: Omit<Change, 'action'>;
}

/** When examples happen: rules do not ask. */
export const anyTime = '2026-01-01T00:00:00.000Z';
