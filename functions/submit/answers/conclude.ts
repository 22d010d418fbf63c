import type { ParkReason } from '../../core/limits/send-or-park.ts';
import type { PlannedRequest } from '../../core/planning/planned-request.ts';
import type { Shelved } from '../../core/planning/refusals/conclusion.ts';
import type { Isolation } from '../../core/planning/refusals/isolate.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import type { LeftRequests } from '../messages/return-messages.ts';
import { recordRejected } from '../messages/return-messages.ts';
import { about, type SendContext } from './handle-answer.ts';

/** Requests that cost more of the day's tokens than are left. */
export interface ShortRequests {
  readonly requests: readonly PlannedRequest[];
  /** Whether their entries must not meet others: they have failed. */
  readonly isApart: boolean;
  /** Whether it was CDN Pro that refused them. */
  readonly isRefused?: boolean;
  /** Why they wait. @default 'tokens' */
  readonly reason?: ParkReason;
}

/** What concluding works with, and where it puts what is not sent again for now. */
export interface ConcludeContext extends SendContext {
  readonly isolation: Isolation;
  /** What costs more of the day's tokens than are left. */
  readonly short: ShortRequests[];
  /** What comes again later. */
  readonly shelved: LeftRequests[];
}

/** Does what follows from the answers so far: rejects, puts aside, and learns. */
export async function concludeAnswers(context: ConcludeContext): Promise<void> {
  // What is held has to be decided about, too, or nothing would be left to do with it.
  do await concludeOnce(context);
  while (context.run.holdQuestioned(context.ports.nowMs()));
}

async function concludeOnce(context: ConcludeContext): Promise<void> {
  const { isolation, run, batch, ports } = context;
  for (const conclusion of isolation.conclude(ports.nowMs())) {
    switch (conclusion.kind) {
      case 'reject':
        await recordRejected(conclusion.entries, conclusion.failure, batch, ports);
        run.uncover(conclusion.entries);
        break;
      case 'shelve':
        shelve(conclusion, context);
        break;
      case 'release':
        run.release(conclusion.requests);
        break;
      case 'too-large': {
        const learned = ports.learnedLimits.learn(conclusion.refused, conclusion.accepted, ports.nowMs());
        if (learned === undefined || !run.lowerLimits(learned)) break;
        ports.log.warn(submitEvents.smallerRequests, { ...learned });
      }
    }
  }
}

/** @returns the request alone, without what it covers */
export function uncovered({ entries }: PlannedRequest): PlannedRequest {
  return { entries: entries.map(({ covered: _, ...planned }) => planned) };
}

function shelve(
  { requests, delaySeconds, why, tries, isApart, failure }: Shelved,
  { run, short, shelved, ports }: ConcludeContext,
): void {
  if (why === 'tokens') {
    short.push({ requests, isApart, isRefused: failure?.kind === 'refused' });
    return;
  }
  // What it covers has not failed, and does not wait with it.
  const own = why === 'failed-alone' ? requests.map(uncovered) : requests;
  if (why === 'failed-alone') run.uncover(requests.flatMap(({ entries }) => entries));
  shelved.push({ requests: own, delaySeconds, isApart, ...(tries === undefined ? {} : { tries }) });
  if (failure === undefined) return;
  const { kind: _, message, ...fields } = failure;
  const entries = requests.flatMap(({ entries }) => entries);
  const line = { ...fields, reason: message, delaySeconds, ...about({ entries }) };
  if (why === 'failed-alone') ports.log.warn(submitEvents.failedAlone, { ...line, tries });
  else if (why === 'isolation') ports.log.warn(submitEvents.isolationSpent, line);
  else {
    const { action, target, webhook } = entries[0]?.entry ?? {};
    ports.measure('PurgesRefusedAlike', entries.length);
    ports.log.error(submitEvents.refusedAlike, { ...line, action, target, webhook });
  }
}
