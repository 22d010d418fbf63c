import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ObjectFilter } from '../../functions/core/model/object-filter.ts';
import { checkOverlap, type WatchFilter } from '../settings/watch-options.ts';

/** Lambda takes 4 KB of environment in all. */
const maxLength = 3000;

interface Watched {
  readonly objects: ObjectFilter;
  /** A topic or queue may carry more than is watched; a bucket sends only that. */
  readonly from: 'bucket' | 'carrier';
}

/** Which objects a receiver takes changes of. */
export class ObjectFilters {
  readonly #watched: Watched[] = [];
  readonly #skipped: ObjectFilter[] = [];

  /**
   * @param skipped the objects among them whose unchanged puts are left out
   * @throws ConfigError where a bucket's objects are watched already
   */
  addBucket(objects: ObjectFilter, skipped: readonly ObjectFilter[]): void {
    checkOverlap(objects, this.#objects());
    this.#watched.push({ objects, from: 'bucket' });
    this.#skipped.push(...skipped);
  }

  /** Adds what is taken from a topic or queue that carries S3's events. */
  addCarrier(filter: WatchFilter): void {
    this.#watched.push({ objects: filter, from: 'carrier' });
  }

  /** @returns the filters as the function reads them; undefined where nothing arrives that is not watched */
  toEnvironment(scope: Construct): string | undefined {
    if (!this.#watched.some(({ from }) => from === 'carrier')) return undefined;
    return Stack.of(scope).toJsonString(this.#isUnfiltered() ? [{}] : this.#objects());
  }

  /** @returns the objects whose unchanged puts are left out, as the function reads them; undefined where there are none */
  skippedToEnvironment(scope: Construct): string | undefined {
    return this.#skipped.length === 0 ? undefined : Stack.of(scope).toJsonString(this.#skipped);
  }

  /** @returns the issues of filters that are too long for the function's environment */
  validateLength(scope: Construct): string[] {
    const isFiltered = this.toEnvironment(scope) !== undefined && !this.#isUnfiltered();
    const { length } = JSON.stringify([...(isFiltered ? this.#objects() : []), ...this.#skipped]);
    if (length <= maxLength) return [];
    return [
      `\`topics\`, \`queues\` and \`buckets\`: expected filters of at most ${maxLength} characters in all, got ${length}: leave the filters of topics and queues out, and let the rules choose; and name fewer prefixes in \`skipUnchanged\``,
    ];
  }

  #objects(): readonly ObjectFilter[] {
    return this.#watched.map(({ objects }) => objects);
  }

  /** A carrier without a filter lets everything in. */
  #isUnfiltered(): boolean {
    return this.#watched.some(({ objects, from }) => from === 'carrier' && Object.keys(objects).length === 0);
  }
}
