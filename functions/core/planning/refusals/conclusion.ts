import type { PlannedEntry, PlannedRequest } from '../planned-request.ts';
import type { Failure } from './failure.ts';
import type { BodySize } from './learned-limits.ts';

/** What follows from answers. */
export type Conclusion =
  /** These will never be accepted. */
  | { readonly kind: 'reject'; readonly entries: readonly PlannedEntry[]; readonly failure: Failure }
  | Shelved
  /** The scope of these is well: they are sent as all others. */
  | { readonly kind: 'release'; readonly requests: readonly PlannedRequest[] }
  /** A request was refused, and each part of it accepted: it was too large. */
  | { readonly kind: 'too-large'; readonly refused: BodySize; readonly accepted: BodySize };

/** Requests that are not sent again for now. */
export interface Shelved {
  readonly kind: 'shelve';
  readonly requests: readonly PlannedRequest[];
  readonly delaySeconds: number;
  /**
   * `tokens`: they cost more of the day's tokens than are left. `refused-alike`: all of their scope is refused.
   * `failed-alone`: an entry that fails by itself. `isolation`: enough requests were spent on taking failed ones apart.
   */
  readonly why: 'tokens' | 'refused-alike' | 'failed-alone' | 'isolation';
  /** Missing where they were not sent. */
  readonly failure?: Failure;
  /** How often the entry has failed alone while others like it were accepted. */
  readonly tries?: number;
  /** Whether they must not meet innocents when they come again. */
  readonly isApart: boolean;
}
