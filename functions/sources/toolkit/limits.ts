import { PurgerError } from '../../core/model/errors.ts';
import { maxJsonDepth, maxJsonValues } from '../../core/model/limited-json.ts';

/** What one delivery may cost, from any source. No source has limits of its own. */
export const deliveryLimits = {
  /** Bytes of a body that has to be parsed before it is verified, since the secret is in it. */
  unverifiedBytes: 64 * 1024,
  /** Objects, lists and scalars of such a body. */
  unverifiedValues: 10_000,
  /**
   * Bytes of a body that is escaped before it is verified, since a JSON string of it is signed: escaping takes six times as
   * long as an HMAC. Hygraph refuses mutations of more than 80 KB.
   */
  escapedBytes: 768 * 1024,
  /** Objects, lists and scalars of a verified body. */
  bodyValues: maxJsonValues,
  /** Levels of a body. */
  depth: maxJsonDepth,
  /**
   * Characters of a string that is read: no URL has room for a longer one. A key of S3 has 3,072, each of its bytes
   * escaped.
   */
  stringLength: 4096,
  /** Values looked at, one as often as it is looked at: for each locale, for each entry. */
  visits: 1_000_000,
  /** Fields of all changes together. */
  fields: 200_000,
  /** Changes: one for each entry, or for each of its locales. */
  changes: 5000,
  /** Entries that are recalled from the memory: each is read and written. */
  recalls: 2000,
  /** Changes of one entry in one locale. */
  repeats: 100,
  /** URLs that the rules make of the changes, as often as they are mapped. */
  entries: 20_000,
  /** Directories and regular expressions among them: the default contract has 20 a day, and two regexes take a request. */
  directories: 100,
  /** Header sets of these URLs: each takes a purge request. */
  headerSets: 100,
} as const;

/** What is counted while a delivery is read and mapped. */
type Counted = 'visits' | 'fields' | 'changes' | 'recalls' | 'entries' | 'directories' | 'headerSets';

const whatIsCounted: Readonly<Record<Counted, string>> = {
  visits: 'values looked at',
  fields: 'fields',
  changes: 'changes',
  recalls: 'entries',
  entries: 'URLs',
  directories: 'directories and regular expressions',
  headerSets: 'header sets',
};

/** A delivery has more of something than the receiver takes. It ends the reading, wherever it is. */
export class DeliveryTooLargeError extends PurgerError {
  override readonly name = 'DeliveryTooLargeError';
}

/** Counts what one delivery costs. */
export class DeliveryBudget {
  readonly #spent = new Map<Counted, number>();

  /** @throws DeliveryTooLargeError for more of it than {@link deliveryLimits} allows, before it is looked at */
  spend(what: Counted, count: number): void {
    const spent = (this.#spent.get(what) ?? 0) + count;
    this.#spent.set(what, spent);
    if (spent > deliveryLimits[what]) throw tooLarge(`${deliveryLimits[what]} ${whatIsCounted[what]}`);
  }

  /** @throws DeliveryTooLargeError for more changes of one entry in one locale than {@link deliveryLimits} allows */
  checkRepeats(count: number): void {
    const { repeats } = deliveryLimits;
    if (count > repeats) throw tooLarge(`${repeats} changes of one entry in one locale`);
  }
}

function tooLarge(most: string): DeliveryTooLargeError {
  return new DeliveryTooLargeError(`Expected a delivery of at most ${most}, got more`);
}
