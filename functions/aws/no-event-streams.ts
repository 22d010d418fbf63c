import { PurgerError } from '../core/model/errors.ts';

/** An operation that streams events was called. None of those that the functions call does. */
export class EventStreamError extends PurgerError {
  override readonly name = 'EventStreamError';
}

/** Stands in for `@smithy/core/event-streams` in the functions' bundles, which the SDK loads for such operations. */
export class EventStreamSerde {
  constructor() {
    throw new EventStreamError('Expected an operation without event streams');
  }
}

/** What the SDK would make such a stream with; the S3 client only carries it about. */
export function eventStreamSerdeProvider(): EventStreamSerde {
  return new EventStreamSerde();
}

/** The S3 client's configuration, to which nothing is added. */
export function resolveEventStreamSerdeConfig<Config>(config: Config): Config {
  return config;
}
