import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { CarrierFilter, ObjectFilter } from '../../../functions/core/model/objects/object-filter.ts';
import { checkOverlap, type WatchFilter } from '../../settings/sources/watch-options.ts';

/** Which objects a receiver takes changes of. */
export class ObjectFilters {
  readonly #buckets: ObjectFilter[] = [];
  readonly #topics: CarrierFilter[] = [];
  readonly #queues: CarrierFilter[] = [];
  readonly #skipped: ObjectFilter[] = [];

  /**
   * @param skipped the objects among them whose unchanged puts are left out
   * @throws ConfigError where a bucket's objects are watched already
   */
  addBucket(objects: ObjectFilter, skipped: readonly ObjectFilter[]): void {
    checkOverlap(objects, this.#buckets, Token.isUnresolved);
    this.#buckets.push(objects);
    this.#skipped.push(...skipped);
  }

  /** Adds what is taken from a topic. */
  addTopic(from: string, filter: WatchFilter): void {
    this.#topics.push({ from, ...filter });
  }

  /** Adds what is taken from a queue. */
  addQueue(from: string, filter: WatchFilter): void {
    this.#queues.push({ from, ...filter });
  }

  /** Those of buckets, topics and queues. */
  get all(): readonly ObjectFilter[] {
    const carriers = [...this.#topics, ...this.#queues].map(({ from: _, ...filter }) => filter);
    // One that takes all objects says as much as any others do with it.
    return carriers.some((filter) => !isFiltered(filter)) ? [{}] : [...this.#buckets, ...carriers];
  }

  /** @returns the filters of carriers as the function reads them; undefined where none has one */
  toEnvironment(scope: Construct): string | undefined {
    const carriers = this.#carriers();
    return carriers.length === 0 ? undefined : Stack.of(scope).toJsonString(carriers);
  }

  /** @returns the objects whose unchanged puts are left out, as the function reads them; undefined where there are none */
  skippedToEnvironment(scope: Construct): string | undefined {
    return this.#skipped.length === 0 ? undefined : Stack.of(scope).toJsonString(this.#skipped);
  }

  /** Of a topic without a filter everything is taken; a queue is listed so that no topic's filter holds for it. */
  #carriers(): readonly CarrierFilter[] {
    const topics = this.#topics.filter(isFiltered);
    return topics.length > 0 || this.#queues.some(isFiltered) ? [...topics, ...this.#queues] : [];
  }
}

function isFiltered({ bucket, prefix, suffix }: ObjectFilter): boolean {
  return (bucket ?? prefix ?? suffix) !== undefined;
}
