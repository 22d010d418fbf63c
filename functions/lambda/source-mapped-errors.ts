import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import type { MiddlewareObj } from '@middy/core';

/**
 * Names the lines of the sources in the stack of an error that a handler throws, before Lambda logs it. Node's own
 * `--enable-source-maps` reads the map and counts the bundle's lines at every start, a tenth of its time; this reads it
 * only when there is an error.
 * @param handlerUrl `import.meta.url` of the handler, which is next to its map
 */
export function sourceMappedErrors(handlerUrl: string): MiddlewareObj {
  return {
    onError({ error }) {
      if (error?.stack !== undefined) error.stack = mapStack(error.stack, handlerUrl);
    },
  };
}

/** @returns the stack with positions in the sources instead of the bundle, as far as its map knows them */
export function mapStack(stack: string, handlerUrl: string): string {
  try {
    const map = new SourceMap(
      JSON.parse(readFileSync(new URL(`${handlerUrl}.map`), 'utf8')) as SourceMapPayload,
    );
    return stack.replace(
      // Only from the beginning of a word: an error may quote what somebody sent, and each word is read once.
      /\(?(?<![^\s()])[^\s()]*\/handler\.mjs:(\d+):(\d+)\)?/g,
      (position, line, column) => {
        const origin = map.findOrigin(Number(line), Number(column));
        return 'fileName' in origin
          ? `(${origin.fileName}:${origin.lineNumber}:${origin.columnNumber})`
          : position;
      },
    );
  } catch {
    // Without a map, the positions in the bundle are all there is.
    return stack;
  }
}
