import { entryText } from '../../functions/core/model/entry-text.ts';
import { type Clients, localClients } from '../../infra/cli/purger/clients.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { openDeadLetters, peekDeadLetters } from '../../infra/cli/purger/queues/dead-letters.ts';
import { readStatusFacts } from '../../infra/cli/purger/status.ts';
import { groupDeadLetters } from '../../infra/cli/queries/dead/dead-letters.ts';
import { statusOf } from '../../infra/cli/queries/status.ts';
import { readDescription } from '../../infra/operation/description.ts';
import { LocalStackError } from '../aws/template/errors.ts';
import type { Ready } from '../demo/ready.ts';
import type { DeadLetterView, Overview } from './view.ts';

/** So much is shown. */
const most = { waiting: 8, deadLetters: 100, urls: 4 };
/** Longer than it takes to read the dead letters; the command line sees them again at once. */
const heldSeconds = 10;

/** @returns the purger of the local stack, as the command line has it */
export function localPurger({ operation: { purger, ...services } }: Ready): Purger {
  const description = readDescription(purger);
  if ('problem' in description) {
    throw new LocalStackError(`Expected the stack to describe its purger: ${description.problem}`);
  }
  return { ...description, clients: reused(localClients(services)) };
}

/** The page asks each second: a client for each question would never be closed. */
function reused(clients: Clients): Clients {
  const made = new Map<string, unknown>();
  const once =
    <Client>(name: string, make: () => Promise<Client>) =>
    () => {
      if (!made.has(name)) made.set(name, make());
      return made.get(name) as Promise<Client>;
    };
  return {
    sqs: once('sqs', clients.sqs),
    dynamodb: once('dynamodb', () => clients.dynamodb()),
    secretsManager: once('secretsManager', clients.secretsManager),
    lambda: once('lambda', clients.lambda),
    eventBridge: once('eventBridge', clients.eventBridge),
  };
}

/** @returns what `cdn-purger status` says */
export async function readOverview(purger: Purger, nowMs: number): Promise<Overview> {
  const facts = await readStatusFacts(purger, nowMs);
  const { fresh, why, queued, open, deadLetters } = statusOf(facts);
  const { files, dirs, requests } = facts.quota;
  return {
    fresh,
    why,
    queued,
    open,
    deadLetters,
    parked: facts.parked.length,
    waiting: facts.parked
      .toSorted((a, b) => a.sinceMs - b.sinceMs)
      .slice(0, most.waiting)
      .map(({ entry, lane, sinceMs }) => ({ url: entryText(entry), lane, sinceMs })),
    budgets: [
      { name: 'File tokens', left: files.left, of: files.quota, note: 'file URLs that may be purged today' },
      {
        name: 'Directory tokens',
        left: dirs.left,
        of: dirs.quota,
        note: 'directories and patterns that may be purged today',
      },
      {
        name: 'Requests',
        left: requests.limit - requests.used,
        of: requests.limit,
        note: `purge requests in ${requests.perSeconds} seconds`,
      },
    ],
  };
}

/** @returns what `cdn-purger dead` says */
export async function readDeadLetters(purger: Purger): Promise<readonly DeadLetterView[]> {
  const queue = await openDeadLetters(purger, heldSeconds);
  const groups = groupDeadLetters(await peekDeadLetters(queue, most.deadLetters));
  return groups.map(({ reason, count, urls }) => ({ reason, count, urls: urls.slice(0, most.urls) }));
}
