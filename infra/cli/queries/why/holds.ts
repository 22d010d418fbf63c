import { counted } from '../../counted.ts';
import type { NextCommand } from '../../next.ts';
import { describePause, type Pause } from '../pause.ts';
import type { RequestsReport } from '../quota.ts';
import { nextOfRefused } from '../status-steps.ts';

/** What keeps back what is waited for. Times are ISO 8601. */
export interface Holds {
  /** Missing where nothing is paused. */
  readonly pause?: Pause;
  /** Until when no request goes out; missing where requests do. */
  readonly closed?: {
    readonly by: NonNullable<RequestsReport['closedBy']>;
    readonly until: string;
  };
  /** What of it waits for tokens of the day; missing where nothing does. */
  readonly parked?: {
    readonly count: number;
    /** Missing where nobody knows. */
    readonly doneBy?: string;
    /** Whether there are tokens for all of it by now. */
    readonly isReleased: boolean;
  };
}

/**
 * @param untilMs when waiting is given up, in milliseconds
 * @returns what keeps it back, in words
 */
export function describeHolds({ pause, closed, parked }: Holds, untilMs: number): readonly string[] {
  return [
    ...(pause === undefined ? [] : [`it is paused ${describePause(pause)}`]),
    ...(closed === undefined ? [] : [describeClosed(closed)]),
    ...(parked === undefined ? [] : [describeParked(parked, untilMs)]),
  ];
}

/** @returns what holds all requests, in words */
export function describeClosed({ by, until }: NonNullable<Holds['closed']>): string {
  return `${by}: a request tries again from ${until} on`;
}

function describeParked(
  { count, doneBy, isReleased }: NonNullable<Holds['parked']>,
  untilMs: number,
): string {
  if (isReleased) return `${counted(count, 'URL is', 'URLs are')} released next`;
  const waits = `${counted(count, 'URL waits', 'URLs wait')} for tokens of the day`;
  if (doneBy === undefined) return `${waits}, nobody knows until when`;
  const isTooLate = Date.parse(doneBy) > untilMs;
  return `${waits}, done by ${doneBy}, an estimate${isTooLate ? ': later than --timeout allows' : ''}`;
}

/** @returns what to do about it, the cause of the others first */
export function holdSteps({ pause, closed, parked }: Holds): readonly NextCommand[] {
  return [
    ...(pause === undefined ? [] : [['resume', 'once it is to go on'] as const]),
    ...(closed === undefined ? [] : [closedStep(closed)]),
    ...(parked === undefined ? [] : [['waiting', 'what goes before it, and until when'] as const]),
  ];
}

/** @returns what to do about what holds all requests */
export function closedStep({ by }: NonNullable<Holds['closed']>): NextCommand {
  return by === 'CDN Pro answered 429' ? nextOfRefused.throttled : nextOfRefused.credentials;
}
