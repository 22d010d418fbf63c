import { createHash } from 'node:crypto';

/** How many points each server has on the ring, so that each gets about the same share of the keys. */
const pointsEach = 100;

/**
 * @param servers at least one, with different names
 * @returns a function that finds the server of a key; without a server, only its own keys move to others
 */
export function consistentHash<Server extends { readonly name: string }>(
  servers: readonly [Server, ...Server[]],
): (key: string) => Server {
  const points = servers.flatMap((server) =>
    Array.from({ length: pointsEach }, (_, index) => ({ at: hash(`${server.name}#${index}`), server })),
  );
  const ring = points.toSorted((a, b) => a.at - b.at);
  return (key) => {
    const at = hash(key);
    return (ring.find((point) => point.at >= at) ?? ring[0])?.server ?? servers[0];
  };
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE();
}
