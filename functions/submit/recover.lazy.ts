import { createSeenObjects, type SeenObjectsOptions } from '../aws/tables/seen-objects-table.ts';
import { forgetObjects } from '../buffer/record-objects.ts';
import type { RuleSet } from '../core/mapping/rule.ts';
import type { ObjectChange } from '../core/model/types.ts';
import { loadRules } from '../lambda/bundled-rules.ts';
import { readOptionalVariable } from '../lambda/environment.ts';
import { type Recovered, recoverMessage } from './messages/recover-s3-event.ts';

let rules: RuleSet | undefined;

/** Makes purge messages of a message that is not one, by the rules of the function; undefined where it cannot. */
export function recover(body: string): Recovered | undefined {
  rules ??= loadRules();
  return recoverMessage(body, rules, readOptionalVariable('watchedObjects'));
}

/** Records that what was recovered purges these objects, so that nothing counts as what was purged last. */
export function noteRecovered(changes: readonly ObjectChange[], table: SeenObjectsOptions): Promise<void> {
  return forgetObjects(changes, createSeenObjects(table));
}
