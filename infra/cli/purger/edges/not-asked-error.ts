import { PurgerError } from '../../../../functions/core/model/errors.ts';

/** No edge may be asked for a page, or none is known. */
export class NotAskedError extends PurgerError {
  override readonly name = 'NotAskedError';
}
