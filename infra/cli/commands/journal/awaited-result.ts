import type { CommandResult } from '../../command.ts';
import type { AwaitResult } from '../../purger/history/await-changes.ts';
import { describeAwaited } from '../../queries/why/describe-awaited.ts';

const exitCodes: Readonly<Record<AwaitResult['outcome'], number>> = {
  done: 0,
  failed: 1,
  nothing: 1,
  waiting: 3,
};

/**
 * @param queued what was queued before: in JSON, as a command has it that does not wait
 * @returns what a command ends with that has waited
 */
export function awaitedResult(
  { holds, ...result }: AwaitResult,
  { json, queued = {} }: { readonly json: boolean; readonly queued?: object },
): CommandResult {
  const paused = result.timedOut && holds.pause !== undefined;
  return {
    exitCode: result.timedOut ? 3 : exitCodes[result.outcome],
    stdout: json
      ? JSON.stringify({ ...result, ...queued, paused }, null, 2)
      : describeAwaited({ ...result, holds }),
  };
}
