import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { OpenPurge } from '../../functions/aws/tables/journal-table.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { FollowPorts } from '../../functions/tick/follow/follow-ports.ts';
import type { PurgeEnded } from '../../functions/tick/follow/purge-ended-event.ts';
import { createFollowWorld, messageFor } from './follow-world.ts';
import { minuteMs } from './tick-world.ts';

/** The function is stopped in the middle of a tick. */
class Crash extends Error {}

const fates = fc.record({
  takesMs: fc.integer({ min: 5000, max: 25 * minuteMs }),
  successRate: fc.constantFrom(100, 100, 99.9, 40, 0),
  unseenMs: fc.constantFrom(0, 0, 90_000, 5 * minuteMs, Number.POSITIVE_INFINITY),
  answerMs: fc.constantFrom(0, 0, 10_000),
});
const urls = fc.uniqueArray(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 });

/** What happens to purges, one thing after the other. */
export const histories = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('accept' as const), urls, fate: fates }),
    fc.record({
      kind: fc.constant('tick' as const),
      /** At which of its steps it crashes, if it gets there. */
      crashAt: fc.integer({ min: 1, max: 60 }),
      /** How many ticks there are at once. */
      atOnce: fc.constantFrom(1, 1, 2),
      /** Whether the index shows what it has shown to the tick before. */
      isStale: fc.boolean(),
      /** What CDN Pro makes of repairs. */
      fate: fates,
      answers: fc.constantFrom(true, true, false),
    }),
  ),
  { minLength: 2, maxLength: 14 },
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
  let crashes = 0;
  let shown: readonly OpenPurge[] = [];
  const problems: string[] = [];
  const world = createFollowWorld({
    files: 60,
    answers: () => answers,
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
          return mutated.putEvent(type, detail);
        },
      };
    },
  });

  for (const step of history) {
    if (step.kind === 'accept') {
      world.nowMs += 3000;
      await world.accept([messageFor(...step.urls.map((index) => `https://h.example/${index}`))], step.fate);
      continue;
    }
    let count = 0;
    onStep = () => {
      count++;
      if (count !== step.crashAt) return;
      isStopped = true;
      throw new Crash();
    };
    ({ isStale, answers } = step);
    await world.tick(1, step.atOnce).catch((error) => {
      if (!isStopped) throw error;
    });
    if (isStopped) crashes++;
    await setImmediate();
    isStopped = false;
    onStep = () => {};
    world.restart();
    await world.deliver(() => step.fate);
  }
  isStale = false;
  answers = true;
  for (let count = 0; count < 40; count++) {
    await world.tick();
    await world.deliver();
  }
  return [...problems, ...problemsOf(world, crashes)];
}

type World = ReturnType<typeof createFollowWorld>;

/** @returns the dead letters of a purge that has failed */
function lettersOf(purgeId: string, { deadLetters }: World): readonly PurgeMessage[] {
  return deadLetters.filter(({ rejected }) => rejected?.reason.startsWith(`purge '${purgeId}' failed: `));
}

/** @returns whether all entries of a purge are in the dead letter queue, with the reason */
function isDead(purgeId: string, world: World): boolean {
  const dead = new Set(lettersOf(purgeId, world).flatMap(({ entries }) => entries.map(entryKey)));
  return world.purges.some((purge) => purge.purgeId === purgeId && purge.keys.every((key) => dead.has(key)));
}

function problemsOf(world: World, crashes: number): Problems {
  const problems: string[] = [];
  let incomplete = 0;
  let lostUrls = 0;
  for (const purge of world.purges) {
    const { purgeId, successRate, unseenMs, acceptedMs, keys, repair } = purge;
    const events = world.events.filter((event) => event.purgeId === purgeId).map(({ end }) => end);
    if (events.length === 0) problems.push(`nobody was sent the end of ${purgeId}`);
    const announced = new Set([...world.ends(purgeId), ...events]);
    const isWell = successRate >= 100 && Number.isFinite(unseenMs);
    if (!isWell) incomplete++;
    const [end] = announced;
    if (announced.size !== 1)
      problems.push(`${purgeId} has ended ${[...announced].join(' and ') || 'never'}`);
    if ((end === 'completed') !== isWell)
      problems.push(`${purgeId} is ${end}, and went ${isWell ? 'well' : 'wrong'}`);
    const isReplaced = keys.every((key) =>
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
    if (repeats > 0 && (isRepeat || end !== 'completed')) problems.push(`${purgeId}, ${end}, was repeated`);
    if (end === 'completed' && repeats === 0 && !isRepeat && !isRepeatedLater) {
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
