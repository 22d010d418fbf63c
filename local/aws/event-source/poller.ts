import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Switch } from '../control/switch.ts';
import type { InvocationResult, LocalFunction } from '../lambda/invocation.ts';
import {
  asRecord,
  type BatchOutcome,
  createGatherer,
  deleteMessages,
  type MappingSettings,
  pause,
  readBatchResponse,
  returnMessages,
} from './batch.ts';

/** What a mapping connects. */
interface EventSource {
  readonly target: LocalFunction;
  readonly sqs: SQSClient;
  readonly isEnabled: Switch;
}

/**
 * Polls a queue for a function until it is stopped. Messages wait in the queue while `maximumConcurrency` invocations
 * run, so that their visibility timeout starts when they can be handled.
 * @param onProblem called with one sentence when the queue cannot be read or emptied.
 * @returns a function that ends the polling; it does not wait for invocations under way.
 */
export function startEventSource(
  settings: MappingSettings,
  { target, sqs, isEnabled }: EventSource,
  onProblem: (sentence: string) => void,
): () => void {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const gatherBatch = createGatherer(settings, sqs, stopping.signal);

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (running.size >= settings.maximumConcurrency) await Promise.race(running);
      await isEnabled.untilOn(stopping.signal);
      const messages = await gatherBatch();
      if (messages.length === 0) continue;
      if (!isEnabled.isOn()) {
        // It was switched off during the poll.
        await returnMessages(messages, settings, sqs);
        continue;
      }
      const run = handle(messages).finally(() => running.delete(run));
      running.add(run);
    }
  }

  async function handle(messages: readonly Message[]): Promise<void> {
    try {
      const result = await target.invoke(
        { Records: messages.map((message) => asRecord(message, settings)) },
        'sqs',
      );
      if (result.outcome === 'stopped') return;
      const batch = outcomeOf(result, messages, settings.reportsBatchItemFailures);
      if (batch.outcome === 'failed') {
        if (result.outcome === 'returned')
          onProblem(`${settings.logicalId}: the whole batch failed: ${batch.reason}.`);
        return;
      }
      await deleteMessages(
        messages.filter(({ MessageId = '' }) => !batch.failedIds.has(MessageId)),
        settings,
        sqs,
      );
    } catch (error) {
      report(error);
    }
  }

  function report(error: unknown): void {
    if (!stopping.signal.aborted) onProblem(`${settings.logicalId}: ${(error as Error).message}`);
  }

  async function pollUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      await poll().catch(report);
      // Only an error of the queue ends a poll early: it is retried after a pause.
      await pause(1000, stopping.signal);
    }
  }

  void pollUntilStopped();
  return () => stopping.abort();
}

/** @returns the outcome of a batch, by the result of its invocation */
function outcomeOf(
  result: InvocationResult,
  messages: readonly Message[],
  reportsBatchItemFailures: boolean,
): BatchOutcome {
  if (result.outcome !== 'returned') return { outcome: 'failed', reason: 'the function failed' };
  if (!reportsBatchItemFailures) return { outcome: 'partial', failedIds: new Set() };
  return readBatchResponse(
    result.payload,
    messages.map(({ MessageId = '' }) => MessageId),
  );
}
