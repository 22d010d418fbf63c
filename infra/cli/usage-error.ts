import { PurgerError } from '../../functions/core/model/errors.ts';

/** An invalid command line, or an invalid file that it names. */
export class UsageError extends PurgerError {
  override readonly name = 'UsageError';
}
