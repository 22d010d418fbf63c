import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import { followEvents } from '../../functions/lambda/log-events.ts';
import type { FollowWorld, WorldPurge } from './follow-world.ts';

/** @returns the URLs of a purge that the log says were seen to be old, each time that it was probed and some were */
function staleTimesOf(purgeId: string, { lines }: FollowWorld): readonly (readonly string[])[] {
  return lines
    .filter(({ message, fields }) => message === followEvents.probesStale && fields.purgeId === purgeId)
    .map(({ fields }) => (fields.probes as { readonly url: string }[]).map(({ url }) => url));
}

/** @returns the URLs of a purge that the log says were seen to be old */
export function staleFilesOf(purgeId: string, world: FollowWorld): ReadonlySet<string> {
  return new Set(staleTimesOf(purgeId, world).flat());
}

/**
 * @returns the keys of what went wrong of a purge: what was seen to be old the last time, as a tick that has crashed may have
 *   seen more, which a newer purge has since; or all of it
 */
export function wrongIn({ purgeId, keys, files }: WorldPurge, world: FollowWorld): readonly string[] {
  const stale = staleTimesOf(purgeId, world).at(-1);
  return stale === undefined ? keys : files.filter(({ url }) => stale.includes(url)).map(entryKey);
}

/** @returns the ends that a purge may come to */
export function allowedEnds(
  { purgeId, files, keys, acceptedMs }: WorldPurge,
  isWell: boolean,
  world: FollowWorld,
): readonly string[] {
  if (!isWell) return ['superseded', 'failed'];
  if (!files.some(({ shows }) => shows !== undefined)) return ['completed'];
  if (staleFilesOf(purgeId, world).size > 0) return ['superseded', 'failed', 'fresh', 'completed'];
  const isReplaced = keys.every((key) =>
    world.purges.some((other) => other.acceptedMs - other.answerMs > acceptedMs && other.keys.includes(key)),
  );
  return isReplaced ? ['fresh', 'completed', 'superseded'] : ['fresh', 'completed'];
}

/** @returns the probed files of a purge that is called fresh which the edge serves in an older version */
export function oldFilesOf(purgeId: string, { purges, probed, edge }: FollowWorld): readonly string[] {
  const files = purges.find((purge) => purge.purgeId === purgeId)?.files ?? [];
  return files.flatMap(({ url, shows }) => {
    const isProbed = probed.some((probe) => probe.url === url && probe.shows.sinceMs === shows?.sinceMs);
    if (shows === undefined || !isProbed || !edge.isOld(url, shows)) return [];
    return [`${purgeId} is called fresh, and ${url} is old at the edge`];
  });
}

/** @returns what went wrong with what was probed */
export function unprovenProblems(world: FollowWorld): readonly string[] {
  const { events, probed } = world;
  const fresh = new Set(events.filter(({ end }) => end === 'fresh').map(({ purgeId }) => purgeId));
  const stale = probed.filter(({ kind, isLost }) => kind === 'stale' && !isLost);
  return [
    ...[...fresh].flatMap((purgeId) => oldFilesOf(purgeId, world)),
    ...stale
      .filter((probe) => !isRepaired(probe, world))
      .map(({ url }) => `${url} was seen to be old, and left so`),
    ...world.sent.flatMap((message) => needlesslyRepaired(message, world)),
  ];
}

function isRepaired(
  { url, shows, atMs }: FollowWorld['probed'][number],
  { purges, deadLetters, edge }: FollowWorld,
): boolean {
  const isIn = ({ entries }: PurgeMessage) =>
    entries.some((entry) => entry.kind === 'file' && entry.url === url);
  return (
    !edge.isOld(url, shows) ||
    deadLetters.some(isIn) ||
    purges.some(({ acceptedMs, files }) => acceptedMs >= atMs && files.some((file) => file.url === url))
  );
}

/** A repair of a purge that went well is one of what was seen to be old. */
function needlesslyRepaired(
  { repair = 0, repeats, entries }: PurgeMessage,
  { purges, probed }: FollowWorld,
): readonly string[] {
  const first = purges.find(({ purgeId }) => purgeId === repeats);
  if (repair === 0 || first === undefined || first.repair === repair) return [];
  const isIncomplete = ({ successRate, unseenMs }: WorldPurge) =>
    successRate < 100 || !Number.isFinite(unseenMs);
  return entries.flatMap((entry) => {
    if (entry.kind !== 'file') return [];
    const isOld = probed.some(({ kind, url }) => kind === 'stale' && url === entry.url);
    const isLeftOut = purges.some(
      (purge) => isIncomplete(purge) && purge.files.some(({ url }) => url === entry.url),
    );
    return isOld || isLeftOut ? [] : [`${entryKey(entry)} was repaired, and never seen to be old`];
  });
}
