import { entryText } from '../model/entry-text.ts';
import { halve, type PlannedEntry, type PlannedRequest } from './planned-request.ts';

/** The outcome for a request whose content was refused: every entry is in exactly one of the two. */
export interface Isolation {
  /** These will never be accepted. */
  readonly rejected: readonly PlannedEntry[];
  /** These are to be sent again, without the others. */
  readonly again: readonly PlannedRequest[];
}

/**
 * Separates what CDN Pro will never accept from the rest of a request: by the host or URL that its message names,
 * else by halving, down to the entry that is refused alone.
 * @param message of the error, worded as on the purge API's page
 */
export function isolate(request: PlannedRequest, message: string): Isolation {
  if (request.entries.length <= 1) return { rejected: request.entries, again: [] };
  const isNamed = namedBy(message);
  const rejected =
    isNamed === undefined ? [] : request.entries.filter(({ entry }) => isNamed(entryText(entry)));
  if (rejected.length === 0) return { rejected: [], again: halve(request) };
  const refused = new Set(rejected);
  const rest = request.entries.filter((planned) => !refused.has(planned));
  return { rejected, again: rest.length === 0 ? [] : [{ entries: rest }] };
}

/** Which URLs an error's message names; undefined where it names none that can be understood. */
function namedBy(message: string): ((url: string) => boolean) | undefined {
  const host = /^The host '([^']*)' has not been deployed/.exec(message)?.[1]?.toLowerCase();
  if (host !== undefined) return (url) => hostOf(url) === host;
  const named = /^The purge URL '(.*)' is invalid/s.exec(message)?.[1];
  if (named !== undefined) return (url) => url === named;
  return undefined;
}

function hostOf(url: string): string | undefined {
  return /^[a-z]+:\/\/([^/:?#]*)/i.exec(url)?.[1]?.toLowerCase();
}
