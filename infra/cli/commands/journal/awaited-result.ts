import type { CommandResult } from '../../command.ts';
import type { AwaitResult } from '../../purger/history/await-changes.ts';
import { describeAwaited } from '../../queries/why/describe-awaited.ts';

const exitCodes: Readonly<Record<AwaitResult['outcome'], number>> = {
  done: 0,
  failed: 1,
  nothing: 1,
  waiting: 3,
};

/** @returns what a command ends with that has waited */
export function awaitedResult(result: AwaitResult, json: boolean): CommandResult {
  return {
    exitCode: result.timedOut ? 3 : exitCodes[result.outcome],
    stdout: json ? JSON.stringify(result, null, 2) : describeAwaited(result),
  };
}
