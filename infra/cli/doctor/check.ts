import { describeError } from '../../../functions/lambda/log.ts';

/** What was looked at, and what came of it. */
export interface Check {
  /** What was looked at, in a few words. */
  readonly name: string;
  /** `warning`: it works, and somebody should know. `skipped`: it could not be looked at. */
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  /** What to do, where there is something to do. */
  readonly fix?: string;
}

/** @returns that all is well */
export function ok(name: string, found: string): Check {
  return { name, result: 'ok', found };
}

/** @returns that something has to be done */
export function failed(name: string, found: string, fix: string): Check {
  return { name, result: 'failed', found, fix };
}

const notAllowed =
  'let your role do it: `grantOperate` of the purger, docs/operations.md#who-may; else nothing is known of it';

/** @returns what a look gives; where it throws, that it failed, with the error */
export async function look(
  name: string,
  fix: string,
  see: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await see();
  } catch (error) {
    const { name: kind, message } = describeError(error);
    // What this role may not read may well be set up.
    const advice = /AccessDenied|NotAuthorized|UnauthorizedOperation/.test(kind) ? notAllowed : fix;
    return [failed(name, `${kind}: ${message}`, advice)];
  }
}
