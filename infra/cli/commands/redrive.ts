import {
  type CommandResult,
  defineCommand,
  purgerOptions,
  purgerUsage,
  refuseArguments,
} from '../command.ts';
import { counted } from '../counted.ts';
import { type NextCommand, nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { countOf, readQueues } from '../purger/queues/queues.ts';
import { type Redriven, redrive } from '../purger/queues/redrive.ts';
import { readSqsClock } from '../purger/queues/sqs-clock.ts';
import { checkDeadLetterFilter, type DeadLetter } from '../queries/dead/dead-letters.ts';
import { describeOthers } from '../queries/dead/other-dead-letters.ts';
import { observingReason } from '../queries/observing.ts';

const usage = `Usage: cdn-purger redrive [--reason WORDS] [--host HOST] (--stack NAME | --ready FILE) [--json]

Moves what is in the dead letter queue back into the purge queue, where it is tried again. Fix the cause first: what is
rejected again comes back with its reason. What names nothing that can be purged stays, and is counted.

  --reason WORDS  those alone whose reason has these words in it
  --host HOST     those alone with a URL of this host
${purgerUsage}

Ends with 0 where all that was meant was moved, 1 where something could not be, or where nothing fits, and 2 where the command
is wrong.`;

/** Tries again what was rejected. */
export const redriveCommand = defineCommand({
  usage,
  options: { ...purgerOptions, reason: { type: 'string' }, host: { type: 'string' } },
  async run({ values, positionals }) {
    refuseArguments(positionals);
    checkDeadLetterFilter(values);
    const purger = await connect(values);
    if (purger.mode === 'observe') return observingResult(values.json === true);
    const startMs = await readSqsClock(await purger.clients.sqs(), purger.queues.deadLetters);
    const { others, ...redriven } = await redrive(purger, values, startMs);
    const { moved, kept, unreadable, failed } = redriven;
    const isNothing = moved + failed.length === 0;
    const hidden = isNothing && kept === 0 ? countOf((await readQueues(purger)).deadLetters) : 0;
    const isUnfit = moved === 0 && others.length > 0;
    return {
      exitCode: failed.length + unreadable + hidden > 0 || isUnfit ? 1 : 0,
      stdout:
        values.json === true
          ? JSON.stringify(redriven, null, 2)
          : (isNothing ? nothingMoved(redriven, others, hidden) : describeMoved(redriven)).join('\n'),
    };
  },
});

type Counts = Omit<Redriven, 'others'>;

function describeMoved({ moved, kept, unreadable, failed }: Counts): readonly string[] {
  return [
    `${counted(moved, 'dead letter')} moved into the purge queue, ${kept} left in the dead letter queue.`,
    ...(unreadable === 0 ? [] : [`${describeUnreadable(unreadable)}.`]),
    ...(failed.length === 0 ? [] : [`${failed.length} could not be moved: ${failed[0]}`]),
    '',
    ...(failed.length > 0
      ? nextCommands(['redrive', 'once more'])
      : nextCommands(
          ['status', 'how far it is'],
          ['dead', 'in some minutes: what was rejected again'],
          ...(unreadable === 0 ? [] : [lookAtUnreadable]),
        )),
  ];
}

function describeUnreadable(count: number): string {
  const [names, it] = count === 1 ? ['names', 'it'] : ['name', 'them'];
  return `${counted(count, 'dead letter')} ${names} nothing that can be purged, and ${count === 1 ? 'stays' : 'stay'}: a redrive would only bring ${it} back`;
}

const lookAtUnreadable: NextCommand = [
  'dead --show',
  'what they hold; docs/operations.md#the-dead-letter-queue says how to throw them away',
];

/**
 * @param others those that do not fit
 * @param hidden those that somebody else has in hand
 */
function nothingMoved(
  { kept, unreadable }: Counts,
  others: readonly DeadLetter[],
  hidden: number,
): readonly string[] {
  if (unreadable > 0) {
    return [`Nothing was moved. ${describeUnreadable(unreadable)}.`, '', ...nextCommands(lookAtUnreadable)];
  }
  if (kept > 0) {
    return [
      `Of ${counted(kept, 'dead letter')} none fits: nothing was moved.`,
      ...describeOthers(others),
      '',
      ...nextCommands(['dead', 'all of them, with their URLs']),
    ];
  }
  if (hidden === 0) return ['No dead letter.'];
  const who = `${counted(hidden, 'dead letter is', 'dead letters are')} in the hands of somebody else`;
  return [
    `Nothing was moved: ${who}, or of a redrive that was stopped.`,
    '',
    'Next: try again in 15 minutes.',
  ];
}

/** In the purge queue a dead letter would count as done. */
function observingResult(json: boolean): CommandResult {
  const why = `Nothing was moved. It is ${observingReason}.`;
  const redriven = { moved: 0, kept: 0, unreadable: 0, failed: [why] };
  return { exitCode: 1, stdout: json ? JSON.stringify(redriven, null, 2) : why };
}
