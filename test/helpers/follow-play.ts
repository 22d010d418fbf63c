import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { OpenPurge } from '../../functions/aws/tables/journal-table.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { FollowPorts } from '../../functions/tick/follow/follow-ports.ts';
import type { PurgeEnded } from '../../functions/tick/follow/purge-ended-event.ts';
import {
  changeIn,
  createFollowWorld,
  type FollowWorld,
  type FollowWorldOptions,
  messageFor,
} from './follow-world.ts';
import { allowedEnds, oldFilesOf, staleFilesOf, unprovenProblems, wrongIn } from './prove-checks.ts';
import { minuteMs } from './tick-world.ts';

/** The function is stopped in the middle of a tick. */
class Crash extends Error {}

const edge = fc.record({
  edgeAt: fc.constantFrom(0, 0.3, 1),
  parentAt: fc.constantFrom(0, 0.6, 1),
  askedAfterMs: fc.constantFrom(undefined, 0, 20_000),
  obeys: fc.constantFrom(true, true, false),
});
const fates = fc.record({
  takesMs: fc.integer({ min: 5000, max: 25 * minuteMs }),
  successRate: fc.constantFrom(100, 100, 99.9, 40, 0),
  unseenMs: fc.constantFrom(0, 0, 90_000, 5 * minuteMs, Number.POSITIVE_INFINITY),
  answerMs: fc.constantFrom(0, 0, 10_000),
  edge,
});
const mostlyFinished: typeof fates = fc.record({
  takesMs: fc.integer({ min: 5000, max: 3 * minuteMs }),
  successRate: fc.constantFrom(100, 100, 100, 99.9),
  unseenMs: fc.constantFrom(0, 0, 0, Number.POSITIVE_INFINITY),
  answerMs: fc.constantFrom(0, 0, 10_000),
  edge,
});
const urls = fc.uniqueArray(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 });

/** What an edge may say in place of the truth. That it shows a version that it does not have is not among it. */
const lies = {
  nothing: (truth) => truth,
  compressed: ({ etag = '""', ...truth }) => ({ ...truth, etag: `W/${etag.slice(0, -1)}-gzip"` }),
  slow: () => 'no answer in time',
  redirect: () => ({ status: 302 }),
  firewall: () => ({ status: 403 }),
  withoutValidators: ({ status }) => ({ status }),
  nonce: ({ status }) => ({ status, etag: '"nonce"' }),
  withoutDate: ({ lastModifiedMs: _, ...truth }) => truth,
  newDate: (truth) => ({ ...truth, lastModifiedMs: Number.MAX_SAFE_INTEGER }),
} satisfies Record<string, NonNullable<FollowWorldOptions['edgeSays']>>;

/** What happens to purges, one thing after the other. */
function historiesOf(
  /** What has changed; nothing that could be proven where it is undefined. */
  change: fc.Arbitrary<'put' | 'delete' | undefined>,
  lie: fc.Arbitrary<keyof typeof lies>,
  fate: typeof fates,
) {
  return fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('accept' as const), urls, change, fate }),
      fc.record({
        kind: fc.constant('tick' as const),
        /** At which of its steps it crashes, if it gets there. */
        crashAt: fc.integer({ min: 1, max: 60 }),
        /** How many ticks there are at once. */
        atOnce: fc.constantFrom(1, 1, 2),
        /** Whether the index shows what it has shown to the tick before. */
        isStale: fc.boolean(),
        /** What CDN Pro makes of repairs. */
        fate,
        answers: fc.constantFrom(true, true, false),
        lie,
      }),
    ),
    { minLength: 2, maxLength: 14 },
  );
}

/** Purges of which nothing can be proven. */
export const histories = historiesOf(fc.constant(undefined), fc.constant('nothing'), fates);
/** Purges that are proven, at an edge that obeys when it likes and says what it likes. */
export const provenHistories = historiesOf(
  fc.constantFrom('put', 'put', 'delete', undefined),
  fc.oneof(
    { weight: 2, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(lies) as (keyof typeof lies)[])) },
  ),
  mostlyFinished,
);
type History = typeof histories extends fc.Arbitrary<infer Value> ? Value : never;

type Problems = readonly string[];

/**
 * Plays what happens, then lets ticks follow what is left to its end.
 * @returns what went wrong, in words; nothing where each purge came to exactly one end, the right one
 */
export async function play(
  history: History,
  mutate: (ports: FollowPorts) => FollowPorts = (same) => same,
): Promise<Problems> {
  let onStep = () => {};
  let isStopped = false;
  let isStale = false;
  let answers = true;
  let lie: keyof typeof lies = 'nothing';
  let crashes = 0;
  let shown: readonly OpenPurge[] = [];
  const problems: string[] = [];
  const world = createFollowWorld({
    files: 60,
    answers: () => answers,
    edgeSays: (truth) => lies[lie](truth),
    step() {
      if (isStopped) throw new Crash();
      onStep();
    },
    ports(ports) {
      const mutated = mutate({
        ...ports,
        journal: {
          ...ports.journal,
          async open(limit) {
            const open = isStale ? shown : await ports.journal.open(1000);
            shown = open;
            return open.slice(0, limit);
          },
        },
      });
      return {
        ...mutated,
        async putEvent(type, detail) {
          const { purgeId, end } = detail as PurgeEnded;
          if (end === 'failed' && !isDead(purgeId, world)) {
            problems.push(`${purgeId} was announced as failed before its entries were dead letters`);
          }
          if (end === 'fresh') problems.push(...oldFilesOf(purgeId, world));
          return mutated.putEvent(type, detail);
        },
      };
    },
  });

  for (const step of history) {
    if (step.kind === 'accept') {
      world.nowMs += 3000;
      const message = messageFor(...step.urls.map((index) => `https://h.example/${index}`));
      const changed = step.change === undefined ? message : changeIn(world, message, step.change);
      await world.accept([changed], step.fate);
      continue;
    }
    let count = 0;
    onStep = () => {
      count++;
      if (count !== step.crashAt) return;
      isStopped = true;
      throw new Crash();
    };
    ({ isStale, answers, lie } = step);
    const probedBefore = world.probed.length;
    await world.tick(1, step.atOnce).catch((error) => {
      if (!isStopped) throw error;
    });
    if (isStopped) {
      crashes++;
      // Nobody knows any more what these have said: the next tick asks again.
      for (const probe of world.probed.slice(probedBefore)) probe.isLost = true;
    }
    await setImmediate();
    isStopped = false;
    onStep = () => {};
    world.restart();
    await world.deliver(() => step.fate);
  }
  isStale = false;
  answers = true;
  lie = 'nothing';
  for (let count = 0; count < 40; count++) {
    await world.tick();
    await world.deliver();
  }
  return [...problems, ...problemsOf(world, crashes), ...unprovenProblems(world)];
}

type World = FollowWorld;

/** @returns the dead letters of a purge that has failed */
function lettersOf(purgeId: string, { deadLetters }: World): readonly PurgeMessage[] {
  return deadLetters.filter(({ rejected }) => rejected?.reason.startsWith(`purge '${purgeId}' failed: `));
}

/** @returns whether all entries of a purge are in the dead letter queue, with the reason */
function isDead(purgeId: string, world: World): boolean {
  const dead = new Set(lettersOf(purgeId, world).flatMap(({ entries }) => entries.map(entryKey)));
  return world.purges.some(
    (purge) => purge.purgeId === purgeId && wrongIn(purge, world).every((key) => dead.has(key)),
  );
}

function problemsOf(world: World, crashes: number): Problems {
  const problems: string[] = [];
  let incomplete = 0;
  let lostUrls = 0;
  for (const purge of world.purges) {
    const { purgeId, successRate, unseenMs, acceptedMs, keys, repair } = purge;
    const own = world.events.filter((event) => event.purgeId === purgeId);
    const events = own.map(({ end }) => end);
    if (events.length === 0) problems.push(`nobody was sent the end of ${purgeId}`);
    const announced = new Set([...world.ends(purgeId), ...events]);
    const isWell = successRate >= 100 && Number.isFinite(unseenMs);
    if (!isWell) incomplete++;
    const [end] = announced;
    if (announced.size !== 1)
      problems.push(`${purgeId} has ended ${[...announced].join(' and ') || 'never'}`);
    if (!allowedEnds(purge, isWell, world).includes(end ?? ''))
      problems.push(`${purgeId} is ${end}, and went ${isWell ? 'well' : 'wrong'}`);
    const isCompleted = end === 'completed' || end === 'fresh';
    const isReplaced = wrongIn(purge, world).every((key) =>
      world.purges.some(
        (other) => other.acceptedMs - other.answerMs > acceptedMs && other.keys.includes(key),
      ),
    );
    if (end === 'superseded' && !isReplaced) problems.push(`nothing has superseded ${purgeId}`);
    const isRepeatedLater = keys.every((key) =>
      world.purges.some(
        (other) =>
          other.acceptedMs - other.answerMs > acceptedMs &&
          other.repeats.length === 0 &&
          other.keys.includes(key),
      ),
    );
    const isRepeat = purge.repeats.length > 0;
    const repeats = world.sent.filter((message) => message.repeats === purgeId).length;
    const isOld = staleFilesOf(purgeId, world).size > 0;
    const isLeft =
      end === 'superseded' && own[0]?.reason?.endsWith('a later purge has the same URLs') === true;
    if (repeats > 0 && (isRepeat || !(isCompleted || isLeft)) && !isOld)
      problems.push(`${purgeId}, ${end}, was repeated`);
    if ((isCompleted || isLeft) && repeats === 0 && !isRepeat && !isRepeatedLater) {
      problems.push(`${purgeId} was not repeated`);
    }
    const isLost = !Number.isFinite(unseenMs);
    if (isLost) lostUrls += keys.length;
    if (isLost && repair < 3 && end === 'failed')
      problems.push(`${purgeId}, which was lost, was not sent again`);
    if (end === 'failed' && !isDead(purgeId, world)) {
      problems.push(`${purgeId} failed, and not all of its entries are in the dead letter queue`);
    }
    if (end !== 'failed' && lettersOf(purgeId, world).length > 0) {
      problems.push(`${purgeId} is ${end}, and in the dead letter queue`);
    }
    if (repair > 3) problems.push(`${purgeId} is repair ${repair}`);
  }
  const repairs = world.sent.filter(({ repeats }) => repeats === undefined);
  if (repairs.length > incomplete + crashes * 8) problems.push('entries were sent again for nothing');
  const repaired = repairs.reduce((sum, { entries }) => sum + entries.length, 0);
  // What was lost is sent again whatever it costs, and once more where a tick has crashed.
  if (repaired > 3 + crashes * 3 + lostUrls * (1 + crashes)) {
    problems.push(`${repaired} URLs were repaired, of 60 a day`);
  }
  return problems;
}
