import { entryText } from '../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../functions/core/model/group-by.ts';
import type { Header, PurgeEntry } from '../../../functions/core/model/types.ts';
import { printable } from '../printable.ts';
import { describeCost, describeTokens } from './describe-cost.ts';
import type { ChangeExplanation, ExplainedRequests, Explanation, HintedExplanation } from './explain.ts';
import type { SpellingCost } from './spelling-costs.ts';

/** @returns an explanation for people to read */
export function describe(explanation: Explanation): string {
  const { changes, remarks, notUnderstood, refused, purges, matched } = explanation;
  return [
    ...[
      ...remarks.map((remark) => `nothing to purge: ${remark}`),
      ...notUnderstood.map((remark) => `not understood, and moved to the dead letter queue: ${remark}`),
      ...refused.map((reason) => `refused, and answered so to the sender: ${reason}`),
    ].map(printable),
    ...changes.map(describeChange),
    ...purges.map(describePurge),
    ...(purges.length > 0
      ? [describeCost(explanation)]
      : [
          matched || changes.length === 0
            ? 'Nothing would be purged.'
            : 'No rule matches: nothing would be purged.',
        ]),
  ].join('\n\n');
}

function describeChange({ change, overtakenBy, notWatched, rules }: ChangeExplanation): string {
  const { action, id, source, locale, removedVersion, onlyIfRemembered, affectsAllEntries } = change;
  const title = source === 's3' ? `${action} ${id}` : `${action} ${id} from ${source}`;
  return [
    locale === undefined ? title : `${title} in ${locale}`,
    ...(removedVersion === undefined
      ? []
      : [`  its version ${removedVersion} was removed: it may be gone, or show another version`]),
    ...(affectsAllEntries ? ['  does not say which entries changed: purged by prefix'] : []),
    ...(onlyIfRemembered
      ? ['  only if the entry is remembered as public: then what is remembered of it']
      : []),
    ...(overtakenBy === undefined ? [] : [`  a newer change came with it: ${overtakenBy.action}`]),
    ...(notWatched === undefined ? [] : [`  it would not arrive: ${notWatched}`]),
    ...rules.flatMap((rule) => (rule.matched ? describeRule(rule) : [])),
    ...describeOthers(rules),
  ]
    .map(printable)
    .join('\n');
}

/** The rules that do not match, those for the same reason together. */
function describeOthers(rules: readonly HintedExplanation[]): readonly string[] {
  const others = rules.flatMap((rule) => (rule.matched ? [] : [rule]));
  return [...groupBy(others, ({ reason }) => reason)].map(([reason, group]) => {
    const [{ rule }, ...more] = group;
    if (more.length === 0) return `  ${rule} does not match: ${reason}`;
    return `  ${group.length} rules do not match: ${reason} (${group.map((each) => each.rule).join(', ')})`;
  });
}

type MatchingRule = HintedExplanation & { readonly matched: true };

function describeRule(rule: MatchingRule): readonly string[] {
  const captures = Object.entries(rule.captures).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return [
    `  ${rule.rule} matches${captures.length > 0 ? `: ${captures.join(', ')}` : ''}${describeDelays(rule.delaysSeconds)}`,
    ...rule.entries.map((entry) => `    ${describeEntry(entry)}`),
    ...rule.problems.map(({ template, reason }) => `    refused: ${template}: ${reason}`),
    ...rule.omitted.map(({ template, reason }) => `    left out: ${template}: ${reason}`),
    ...describeSpellings(rule.spellings ?? []),
    ...(rule.hints ?? []).map((hint) => `    hint: ${hint}`),
  ];
}

/** @returns e.g. `    spellings: browser 1 file, plus 1 file` */
function describeSpellings(spellings: readonly SpellingCost[]): readonly string[] {
  if (spellings.length === 0) return [];
  const costs = spellings.map(({ encoding, tokens }) => `${encoding} ${describeTokens(tokens)}`);
  return [`    spellings: ${costs.join(', ')}`];
}

function describeDelays(delaysSeconds: readonly number[]): string {
  if (delaysSeconds.join() === '0') return '';
  return ` (${delaysSeconds.map((delay) => (delay === 0 ? 'at once' : `after ${delay} s`)).join(', and again ')})`;
}

/** @returns e.g. `invalidate file https://www.example.com/ (production)` */
export function describeEntry(entry: PurgeEntry): string {
  const { kind, action, target, webhook } = entry;
  const headers = entry.kind === 'file' ? (entry.headers ?? []) : [];
  const notes = [
    target,
    ...(webhook === undefined ? [] : [`webhook ${webhook}`]),
    ...headers.map(describeHeader),
  ];
  return `${action} ${kind} ${entryText(entry)} (${notes.join(', ')})`;
}

function describeHeader({ name, value }: Header): string {
  return `${name}: ${value}`;
}

function describePurge({ delaySeconds, requests, covered = [] }: ExplainedRequests): string {
  const when = delaySeconds === 0 ? '' : `, after ${delaySeconds} s`;
  const bodies = requests.map((body) =>
    JSON.stringify(body, null, 2)
      .split('\n')
      .map((line) => `  ${printable(line)}`)
      .join('\n'),
  );
  const more = covered.map((entry) => `  which purges this, too: ${printable(entry)}`);
  return [`POST /cdn/purges${when}`, ...bodies, ...more].join('\n');
}
