import type { RuleSet } from '../core/mapping/rule.ts';
import { loadRules } from '../lambda/bundled-rules.ts';
import { readOptionalVariable } from '../lambda/environment.ts';
import { type Recovered, recoverMessage } from './messages/recover-s3-event.ts';

let rules: RuleSet | undefined;

/** Makes purge messages of a message that is not one, by the rules of the function; undefined where it cannot. */
export function recover(body: string): Recovered | undefined {
  rules ??= loadRules();
  return recoverMessage(body, rules, readOptionalVariable('watchedObjects'));
}
