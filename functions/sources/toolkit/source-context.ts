import type { ReadContext } from '../webhook-source.ts';
import type { DeliveryBudget } from './limits.ts';

/**
 * The context of a reading, with the name of the source, which every change carries, and with what the reading may cost.
 * What looks at a payload as often as the payload says, such as for each locale, counts that: it throws a
 * DeliveryTooLargeError, which ends the reading.
 */
export interface SourceContext extends ReadContext {
  readonly source: string;
  readonly budget: DeliveryBudget;
}
