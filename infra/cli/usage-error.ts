import { PurgerError } from '../../functions/core/model/errors.ts';

/** A command line, or a file that it names, that cannot be understood. */
export class UsageError extends PurgerError {
  override readonly name = 'UsageError';
}
