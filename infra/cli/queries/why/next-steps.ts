import { type NextCommand, shellArgument } from '../../next.ts';
import { nextOfLate } from '../progress.ts';
import { closedStep } from './holds.ts';
import type { UrlState } from './steps.ts';
import type { WhyReport } from './why.ts';

/** So many changes and purges are printed where not all are wanted; --json has all that were looked at. */
export const fewPrinted = 5;

/** @returns what to do by a report, of which so many changes and purges are printed */
export function whySteps(report: WhyReport, mostPrinted = fewPrinted): readonly NextCommand[] {
  const { url, changes, purges, deadLetters } = report;
  const page = shellArgument(url);
  const isMore = [changes, purges, deadLetters].some(({ length }) => length > mostPrinted);
  const more: NextCommand = [`report --url ${page}`, 'older changes and purges, which are left out here'];
  const all = [...stepsByState[report.state](report, page), ...(isMore ? [more] : [])];
  return all.filter(([command], index) => all.findIndex(([other]) => other === command) === index);
}

type StepsOf = (report: WhyReport, page: string) => readonly NextCommand[];

const stepsByState: Readonly<Record<UrlState, StepsOf>> = {
  waiting: heldOr(waitingSteps),
  observed: () => [['report', 'what else would have been purged']],
  purging: heldOr(purgingSteps),
  partial: heldOr(repairedSteps),
  superseded: heldOr(repairedSteps),
  failed: () => [
    ['dead', 'why'],
    ['redrive', 'purges it again, once the cause is fixed'],
  ],
  unknown: heldOr(unknownSteps),
  completed: () => [],
  fresh: () => [],
};

/** While it is paused nothing is sent, nor is CDN Pro asked how far purges are; what holds all requests goes first. */
function heldOr(steps: StepsOf): StepsOf {
  return (report, page) => {
    const { paused, closed } = report;
    if (paused) return pausedSteps;
    return [...(closed === undefined ? [] : [closedStep(closed)]), ...steps(report, page)];
  };
}

const pausedSteps: readonly NextCommand[] = [
  ['status', 'who has paused it, and why'],
  ['resume', 'once it is to go on'],
];

/** @returns whether CDN Pro has finished what is still on its way, so that edges alone are waited for */
export function isOnlyToProve({ state, purges }: Pick<WhyReport, 'state' | 'purges'>): boolean {
  return state === 'purging' && purges.every((purge) => purge.state !== 'purging' || isFinished(purge));
}

function isFinished({ successRate }: WhyReport['purges'][number]): boolean {
  return successRate !== undefined;
}

function purgingSteps(report: WhyReport, page: string): readonly NextCommand[] {
  const open = report.purges.flatMap(({ progress }) => progress ?? []);
  const again = `why ${page}`;
  const tells: NextCommand = [waitFor(report, page), 'ends once it is completed or fresh'];
  if (isOnlyToProve(report)) return [[again, 'in a minute: what the edges show'], tells];
  const late = open.some(({ isLate }) => isLate);
  if (late) return [nextOfLate, [again, 'how far it is: CDN Pro is asked every five minutes']];
  const [lateAt] = open.map((each) => each.lateAt).toSorted();
  const until = lateAt === undefined ? '' : `; from ${lateAt} on it is late: docs/operations.md#purges-late`;
  return [[again, `how far it is: CDN Pro is asked each minute${until}`], tells];
}

/** Only the newest change counts: an older one may be completed. */
function waitFor({ changes }: WhyReport, page: string): string {
  const [newest] = changes;
  const atMs = Date.parse(newest?.occurredAt ?? '');
  return `wait ${page}${Number.isNaN(atMs) ? '' : ` --since ${new Date(atMs).toISOString()}`}`;
}

function repairedSteps(report: WhyReport, page: string): readonly NextCommand[] {
  return [
    [`why ${page}`, 'in some minutes: how far the purge is that is sent again'],
    [waitFor(report, page), 'ends once it is completed or fresh'],
  ];
}

function waitingSteps({ waiting }: WhyReport, page: string): readonly NextCommand[] {
  // What has no reason is released by the next tick, or was by now.
  if (waiting === undefined || waiting.reason === undefined)
    return [[`why ${page}`, 'in a minute: it is released next']];
  const sooner: Readonly<Record<'people' | 'takedown', NextCommand>> = {
    people: [`purge ${page}`, 'purges it now: for people there are tokens left'],
    takedown: [
      `purge ${page} --delete`,
      'only where it cannot wait: takes it out of the cache, with a token that is kept for takedowns',
    ],
  };
  return [
    ['waiting', 'what goes before it, and until when'],
    [
      'quota',
      `what is left of the day, and who has spent the rest${waiting.sooner === undefined ? '; docs/operations.md#people-waiting has ways out' : ''}`,
    ],
    ...(waiting.sooner === undefined ? [] : [sooner[waiting.sooner]]),
  ];
}

/** The cause goes before the page alone: a purge by hand would wait behind what waits. */
function unknownSteps({ queued, unknownHost, logsRead }: WhyReport, page: string): readonly NextCommand[] {
  if (queued > 0) return [['status', 'what waits, and for what']];
  return [
    ['doctor', 'whether everything is set up, and sources send what changes'],
    ...(logsRead ? [] : [[`why ${page} --logs 3h`, 'whether its change was refused or left out'] as const]),
    // A host that no rule names may be none of CDN Pro's.
    ...(unknownHost === undefined ? [[`purge ${page}`, 'purges it, whatever the cause'] as const] : []),
  ];
}
