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
 * Removes a bundle's dependencies from its source map. Node reads the whole map when a function starts, and three
 * quarters of it are about the AWS SDK; for the SDK's lines a stack trace then names the position in the bundle.
 * @param json the source map
 * @returns the source map of this project's sources
 */
export function withoutDependencies(json: string, { decode, encode }: Codec): string {
  const { sources, mappings, ...map } = JSON.parse(json) as SourceMap;
  const kept = [...sources.keys()].filter((index) => !sources[index]?.includes('node_modules/'));
  const newIndexes = new Map(kept.map((index, newIndex) => [index, newIndex]));
  const lines = decode(mappings).map((segments) => {
    let wasOwn = false;
    return segments.flatMap((segment): SourceMapSegment[] => {
      const [column, source, line = 0, sourceColumn = 0] = segment;
      const newIndex = source === undefined ? undefined : newIndexes.get(source);
      const follows = wasOwn;
      wasOwn = newIndex !== undefined;
      if (newIndex !== undefined) return [[column, newIndex, line, sourceColumn]];
      // Marks where a dependency begins; otherwise it would count as a part of the source before it.
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
