import { backoffMs } from '../../core/model/backoff.ts';
import type { Target } from '../../core/model/types.ts';
import { describeError } from '../../lambda/log.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import type { ConcludeContext } from '../answers/conclude.ts';
import { handleUnauthorized, pauseThrottled } from '../answers/handle-answer.ts';
import type { SubmitOptions } from '../ports.ts';
import { readTokens } from './learn-tokens.ts';

/** What asking works with. */
interface AskContext extends ConcludeContext, Pick<SubmitOptions, 'contract'> {}

/**
 * Reads what is left of a target's tokens, before anything is concluded from a refusal. The answer shows whether the
 * credentials are good, too: where it is refused as well, a 403 was about them.
 */
export async function askTokens(target: Target, context: AskContext): Promise<void> {
  const { run, isolation, ports, contract } = context;
  const sentMs = ports.nowMs();
  try {
    const asked = await readTokens(target, contract, ports);
    if (asked.kind === 'wait') return run.pauseUntil(asked.untilMs);
    run.askTokens(undefined);
    const { status, value, requestId, retryAfterMs } = asked.reading;
    if (status === 429) {
      await pauseThrottled({ sentMs, retryAfterMs }, context);
    } else if ((status === 401 || status === 403) && isolation.hasForbidden()) {
      const request = { entries: [] };
      const refusal = { status, message: 'purgeTokens is refused, too', ...(requestId ? { requestId } : {}) };
      isolation.dismiss(403, ports.nowMs());
      await handleUnauthorized(refusal, { request, sentMs }, context);
    } else {
      const reading = value === undefined ? { isForbidden: status === 403 } : { tokens: value };
      ports.evidence.noteTokens(target, reading, ports.nowMs());
    }
  } catch (error) {
    ports.log.warn(submitEvents.tokensUnread, { error: describeError(error) });
    run.noteUnsent();
    run.pauseUntil(ports.nowMs() + backoffMs(run.failures, ports.random()));
  }
}
