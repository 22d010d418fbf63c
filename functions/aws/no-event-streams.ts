import { PurgerError } from '../core/errors.ts';

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
