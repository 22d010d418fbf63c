import { describeException } from '../../../../functions/core/mapping/conditions.ts';
import { type CompiledRule, mapChange } from '../../../../functions/core/mapping/map-change.ts';
import type { ObjectFilter } from '../../../../functions/core/model/objects/object-filter.ts';
import type { ChangeAction, OriginChange, PurgeEntry } from '../../../../functions/core/model/types.ts';
import type { UrlMatch } from '../../queries/why/url-match.ts';
import { notWatched } from '../purger/watched-objects.ts';
import type { Candidate } from './candidate.ts';

/** A kind of changes that a rule maps to an entry which purges a URL. */
export interface ProvenChange {
  readonly rule: string;
  /** It in words: `s3://www/posts/{year}/hello.md`, `contentful entry with type = "blogPost" and slug = "hello"`. */
  readonly change: string;
  readonly actions: readonly ChangeAction[];
  /** Only those whose pages are at most so many directories below the URL. */
  readonly levelsBelow?: number;
  /** The values in it that may be in upper or lower case. */
  readonly ofAnyCase?: readonly string[];
  /** What the rule leaves out of it. */
  readonly except: readonly string[];
  /** One of these changes. */
  readonly example: OriginChange;
  /** What that change purges the URL by. */
  readonly entry: PurgeEntry;
  /** Why its events do not come. */
  readonly notWatched?: string;
}

/** By what a candidate is proven. */
export interface Proof {
  /** The rule with the template alone that the candidate is of. */
  readonly rule: CompiledRule;
  readonly actions: readonly [ChangeAction, ...ChangeAction[]];
  readonly match: UrlMatch;
  readonly watched: readonly ObjectFilter[];
}

/** @returns what one of the candidate's changes purges the URL by, if possible one that arrives; undefined where none does */
export function prove(
  { words, isWhole, levelsBelow, ofAnyCase, examples }: Candidate,
  { rule, actions, match, watched }: Proof,
): ProvenChange | undefined {
  const except = isWhole ? [] : rule.match.exceptions.map(describeException);
  const notes = { ...(levelsBelow !== undefined && { levelsBelow }), ...(ofAnyCase && { ofAnyCase }) };
  let unwatched: ProvenChange | undefined;
  for (const given of examples) {
    const example = { ...given, action: actions[0] } as OriginChange;
    const entry = mapChange([rule], example, example.action).entries.find(match.matches);
    if (entry === undefined) continue;
    const proven = { rule: rule.name, change: words, actions, ...notes, except, example, entry };
    const reason = notWatched(example, watched);
    if (reason === undefined) return proven;
    unwatched ??= { ...proven, notWatched: reason };
  }
  return unwatched;
}
