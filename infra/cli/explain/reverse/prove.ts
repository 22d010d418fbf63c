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
  /** Each of them is proven. */
  readonly actions: readonly ChangeAction[];
  /** Only those whose pages are at most so many directories below the URL. */
  readonly levelsBelow?: number;
  /** The values in it that may be in upper or lower case. */
  readonly ofAnyCase?: readonly string[];
  /** What the rule leaves out of it. */
  readonly except: readonly string[];
  /** One of these changes. */
  readonly example: OriginChange;
  /** A change next to these that does not purge the URL, and that no exception leaves out; missing for one whole object. */
  readonly nearMiss?: { readonly words: string; readonly example: OriginChange };
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
export function prove(candidate: Candidate, proof: Proof): ProvenChange | undefined {
  let unwatched: ProvenChange | undefined;
  for (const given of candidate.examples) {
    const entries = proof.actions.map((action) => entryOf({ ...given, action } as OriginChange, proof));
    const actions = proof.actions.filter((_, index) => entries[index] !== undefined);
    const [action] = actions;
    const entry = entries.find((each) => each !== undefined);
    if (action === undefined || entry === undefined) continue;
    const example = { ...given, action } as OriginChange;
    const proven = provenBy(candidate, proof, { actions, example, entry });
    const reason = notWatched(example, proof.watched);
    if (reason === undefined) return withNearMiss(proven, candidate, proof);
    unwatched ??= { ...proven, notWatched: reason };
  }
  return unwatched && withNearMiss(unwatched, candidate, proof);
}

function provenBy(
  { words, isWhole, levelsBelow, ofAnyCase }: Candidate,
  { rule }: Proof,
  found: Pick<ProvenChange, 'actions' | 'example' | 'entry'>,
): ProvenChange {
  return {
    rule: rule.name,
    change: words,
    ...(levelsBelow !== undefined && { levelsBelow }),
    ...(ofAnyCase && { ofAnyCase }),
    except: isWhole ? [] : rule.match.exceptions.map(describeException),
    ...found,
  };
}

function withNearMiss(proven: ProvenChange, { nearMisses }: Candidate, proof: Proof): ProvenChange {
  const { rule } = proof;
  // What an exception leaves out, the words have.
  const others = { ...proof, rule: { ...rule, match: { ...rule.match, exceptions: [] } } };
  for (const { words, change } of nearMisses(proven.example)) {
    const example = { ...change, action: proven.example.action } as OriginChange;
    if (entryOf(example, others) === undefined) return { ...proven, nearMiss: { words, example } };
  }
  return proven;
}

/** @returns what the rule purges the URL by for a change; undefined where it does not */
function entryOf(
  change: OriginChange,
  { rule, match }: Pick<Proof, 'rule' | 'match'>,
): PurgeEntry | undefined {
  return mapChange([rule], change, change.action).entries.find(match.matches);
}
