import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PurgerError } from '../core/model/errors.ts';

/** The system's resolver may take longer than everything that comes after it. */
const longestLookupMs = 2000;

/** The resolver has not answered. */
class LookupTimeoutError extends PurgerError {
  override readonly name = 'LookupTimeoutError';
}

/** @returns the addresses of a host, as the system's resolver has them */
export async function lookupSoon(host: string) {
  const late = sleep(longestLookupMs, undefined, { ref: false }).then(() => {
    throw new LookupTimeoutError(`expected an answer within ${longestLookupMs} ms, got none`);
  });
  return Promise.race([lookup(host, { all: true }), late]);
}
