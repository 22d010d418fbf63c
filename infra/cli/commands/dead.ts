import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { counted } from '../counted.ts';
import { type NextCommand, nextCommands, shellArgument } from '../next.ts';
import { printable } from '../printable.ts';
import { connect } from '../purger/connect.ts';
import { openDeadLetters, peekDeadLetters } from '../purger/queues/dead-letters.ts';
import { countOf, readQueues } from '../purger/queues/queues.ts';
import {
  checkDeadLetterFilter,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterGroup,
  groupDeadLetters,
  matchesDeadLetter,
  type UnnamedMessage,
} from '../queries/dead/dead-letters.ts';
import { describeOthers } from '../queries/dead/other-dead-letters.ts';

const usage = `Usage: cdn-purger dead [--reason WORDS] [--host HOST] [--show] (--stack NAME | --ready FILE) [--json]

Says what could not be purged and why, by reason. The messages stay in the dead letter queue.

  --reason WORDS  those alone whose reason has these words in it
  --host HOST     those alone with a URL of this host
  --show          each of them with its body, in which what a terminal would obey is escaped; --json has it as it came
${purgerUsage}

Ends with 0 where there is none, 1 where there is one, and 2 where it cannot be told.`;

/** Longer than it takes to read as many as are looked at. */
const heldSeconds = 120;
/** So many are looked at. */
const mostRead = 5000;
/** So many URLs and changes of each reason are printed; --json has all of them. */
const mostPrinted = 10;

const fixes: Readonly<Record<DeadLetter['kind'], string>> = {
  rejected: 'deploy the host or correct the rule, then redrive',
  'invalid-url': 'correct the rule; then redrive what is of S3, and publish again what is of a CMS',
  unreadable: 'correct what sends such messages, and have it send them again: a redrive leaves these here',
  crashed: 'docs/operations.md#submit-errors, then redrive',
  's3-event': 'docs/operations.md#receiver-errors, then redrive',
};

/** What `tick` writes of a purge that CDN Pro accepted, and did not carry out or not everywhere. */
const failedPurge = /^purge '[^']*' failed: /;

/** What was not purged, and why? */
export const deadCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    reason: { type: 'string' },
    host: { type: 'string' },
    show: { type: 'boolean' },
  },
  async run({ values, positionals }) {
    refuseArguments(positionals);
    checkDeadLetterFilter(values);
    const purger = await connect(values);
    const count = countOf((await readQueues(purger)).deadLetters);
    const read = await peekDeadLetters(await openDeadLetters(purger, heldSeconds), mostRead);
    const letters = read.filter((letter) => matchesDeadLetter(letter, values));
    const hidden = read.length < mostRead ? Math.max(0, count - read.length) : 0;
    const isComplete = read.length < mostRead && hidden === 0;
    const groups = groupDeadLetters(letters);
    const shown = values.show === true ? letters.map(describeLetter) : groups.map(describeGroup);
    const report = {
      count: letters.length,
      isComplete,
      groups,
      ...(values.show === true && { letters }),
    };
    return {
      exitCode: letters.length + hidden === 0 ? 0 : 1,
      stdout:
        values.json === true
          ? JSON.stringify(report, null, 2)
          : [
              ...(letters.length === 0 ? describeNone(read, hidden) : shown),
              ...footer(letters, values, read.length, hidden),
            ].join('\n\n'),
    };
  },
});

/**
 * @param others those that do not fit
 * @param hidden those that somebody else has in hand
 */
function describeNone(others: readonly DeadLetter[], hidden: number): readonly string[] {
  if (others.length === 0) return hidden === 0 ? ['No dead letter.'] : [];
  const none = `Of ${counted(others.length, 'dead letter')} none fits.`;
  return [
    [none, ...describeOthers(others)].join('\n'),
    nextCommands(['dead', 'all of them, with their URLs']).join('\n'),
  ];
}

/** @returns the dead letters of one reason in words, and what to do */
export function describeGroup({
  reason,
  reasons = 1,
  kind,
  count,
  since,
  urls,
  changes,
  messages,
}: DeadLetterGroup): string {
  const named = [...urls, ...changes, ...messages.map(describeUnnamed)];
  const more = named.length - mostPrinted;
  return [
    `${count} × ${kind}, since ${since}${reasons > 1 ? `, for ${reasons} reasons such as` : ''}: ${printable(reason)}`,
    ...named.slice(0, mostPrinted).map((name) => `  ${printable(name)}`),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
    `  to do: ${failedPurge.test(reason) ? 'redrive; where it is here again, docs/operations.md#purges-failed' : fixes[kind]}`,
  ].join('\n');
}

function describeUnnamed({ id, sentAt, bytes, begins }: UnnamedMessage): string {
  return `message ${id}, sent ${sentAt}, ${counted(bytes, 'byte')}${bytes === 0 ? '' : `, begins ${begins}`}`;
}

/** @returns one dead letter in words, as a whole */
export function describeLetter({
  id,
  sentAt,
  kind,
  reason,
  status,
  requestId,
  change,
  body,
}: DeadLetter): string {
  const answer = [
    ...(status === undefined ? [] : [`HTTP ${status}`]),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
  ];
  return [
    `${id} (${kind}, ${sentAt})`,
    `  reason: ${printable(reason)}${answer.length === 0 ? '' : ` (${answer.join(', ')})`}`,
    ...(change === undefined ? [] : [`  change: ${printable(change)}`]),
    `  body: ${printable(body)}`,
  ].join('\n');
}

/** The same, for another command. */
function filterOptions({ reason, host }: DeadLetterFilter): string {
  return [
    ...(reason === undefined ? [] : [` --reason ${shellArgument(reason)}`]),
    ...(host === undefined ? [] : [` --host ${shellArgument(host)}`]),
  ].join('');
}

function footer(
  letters: readonly DeadLetter[],
  filter: DeadLetterFilter & { readonly show?: boolean },
  read: number,
  hidden: number,
): readonly string[] {
  const options = filterOptions(filter);
  const steps: readonly NextCommand[] = [
    ...(letters.some(({ kind }) => kind === 'unreadable') && filter.show !== true
      ? [[`dead --show${options}`, 'each message as a whole'] as const]
      : []),
    ...(letters.every(({ isUnreadable }) => isUnreadable)
      ? []
      : [[`redrive${options}`, 'tries them again, once the cause is fixed'] as const]),
  ];
  return [
    ...(read < mostRead ? [] : [`Only the first ${mostRead} were looked at.`]),
    ...(hidden === 0
      ? []
      : [
          `${counted(hidden, 'dead letter is', 'dead letters are')} in hand elsewhere, as of a redrive, for 15 minutes at most: look again.`,
        ]),
    ...(steps.length === 0 ? [] : [nextCommands(...steps).join('\n')]),
  ];
}
