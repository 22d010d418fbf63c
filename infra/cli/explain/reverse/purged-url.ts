import { compileExplanations } from '../../../../functions/core/mapping/compile-rules.ts';
import { type PurgingChange, purgingChanges, type ReversedPurger } from './changes-that-purge.ts';

/** What purges one URL. */
export interface PurgedUrl {
  readonly url: string;
  readonly changes: readonly PurgingChange[];
  /** Where there are none: the changes that would purge it, but for an exception of their rule. */
  readonly leftOut?: readonly LeftOutChange[];
  /** Where there are none: the URL without its query string, which is purged. */
  readonly withoutQuery?: string;
}

/** A kind of changes that a rule leaves out. */
export interface LeftOutChange {
  readonly rule: string;
  /** It in words. */
  readonly change: string;
  readonly reason: string;
}

/** @returns which changes purge a URL; where none does, what comes close to it */
export function purgedUrl(purger: ReversedPurger, url: string): PurgedUrl {
  const changes = purgingChanges(purger, url);
  if (changes.length > 0) return { url, changes };
  const leftOut = leftOutChanges(purger, url);
  const [page = url] = url.split('?');
  const isPagePurged = page !== url && purgingChanges(purger, page).length > 0;
  return {
    url,
    changes,
    ...(leftOut.length > 0 && { leftOut }),
    ...(isPagePurged && { withoutQuery: page }),
  };
}

function leftOutChanges(purger: ReversedPurger, url: string): readonly LeftOutChange[] {
  const { mapping } = purger;
  const rules = mapping.rules.map(({ except: _, ...rule }) => rule);
  const explain = compileExplanations(mapping);
  return purgingChanges({ ...purger, mapping: { ...mapping, rules } }, url).flatMap(
    ({ rule, change, example }) => {
      const own = explain(example).find((each) => each.rule === rule);
      return own === undefined || own.matched ? [] : [{ rule, change, reason: own.reason }];
    },
  );
}
