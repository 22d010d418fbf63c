import type { SourceMapSegment } from '@jridgewell/sourcemap-codec';

/** A source map as esbuild writes it. */
interface SourceMap {
  readonly version: number;
  readonly sources: readonly string[];
  readonly mappings: string;
  readonly names: readonly string[];
}

/** What reads and writes the mappings of a source map. */
export type Codec = Pick<typeof import('@jridgewell/sourcemap-codec'), 'decode' | 'encode'>;

/**
 * Takes a bundle's dependencies out of its source map. Node reads the whole map when a function starts, and three
 * quarters of it say where lines of the AWS SDK stood; of those, a trace then names the place in the bundle.
 * @param text the source map
 * @returns the source map of our own sources
 */
export function withoutDependencies(text: string, { decode, encode }: Codec): string {
  const { sources, mappings, ...map } = JSON.parse(text) as SourceMap;
  const kept = [...sources.keys()].filter((index) => !sources[index]?.includes('node_modules/'));
  const places = new Map(kept.map((index, place) => [index, place]));
  const lines = decode(mappings).map((segments) => {
    let wasOwn = false;
    return segments.flatMap((segment): SourceMapSegment[] => {
      const [column, source, line = 0, sourceColumn = 0] = segment;
      const place = source === undefined ? undefined : places.get(source);
      const follows = wasOwn;
      wasOwn = place !== undefined;
      if (place !== undefined) return [[column, place, line, sourceColumn]];
      // Where a dependency begins, or it would count as a part of what stands before it.
      return follows ? [[column]] : [];
    });
  });
  return JSON.stringify({
    ...map,
    sources: kept.map((index) => sources[index]),
    names: [],
    mappings: encode(lines),
  });
}
