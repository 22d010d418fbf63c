import { randomUUID } from 'node:crypto';
import { type Environment, type Job, startEnvironment } from './environment.ts';
import {
  type FunctionSettings,
  type InvocationEvent,
  type InvocationResult,
  type LocalFunction,
  maxSynchronousPayloadBytes,
  PayloadTooLargeError,
} from './invocation.ts';

/**
 * Makes a function that starts execution environments as they are needed and keeps them warm.
 * @param onLog called with each line that a handler writes to stdout or stderr.
 */
export function createFunction(
  settings: FunctionSettings,
  onLog: (line: string) => void,
  onEvent: (event: InvocationEvent) => void,
): LocalFunction {
  const { logicalId, functionName } = settings;
  const environments = new Set<Environment>();
  const idle: Environment[] = [];
  const waiting: Job[] = [];
  let stopped = false;

  function pump(): void {
    while (!stopped && waiting.length > 0) {
      const environment = idle.pop() ?? (environments.size < settings.maxEnvironments ? open() : undefined);
      const job = environment && waiting.shift();
      if (environment === undefined || job === undefined) return;
      void runIn(environment, job);
    }
  }

  function open(): Environment {
    const environment = startEnvironment(settings, onLog);
    environments.add(environment);
    // An environment that ends while it is idle must not get an invocation.
    environment.ended.then(() => {
      environments.delete(environment);
      if (idle.includes(environment)) idle.splice(idle.indexOf(environment), 1);
    });
    return environment;
  }

  async function runIn(environment: Environment, job: Job): Promise<void> {
    const startedMs = Date.now();
    const common = { logicalId, functionName, requestId: job.requestId };
    const isColdStart = environment.isCold();
    onEvent({ type: 'invocation-started', atMs: startedMs, trigger: job.trigger, isColdStart, ...common });
    const ended = await environment.run(job);
    const result: InvocationResult = stopped ? { outcome: 'stopped' } : ended;
    if (environment.isAlive()) idle.push(environment);
    const timing = { atMs: Date.now(), durationMs: Date.now() - startedMs };
    if (result.outcome === 'returned') onEvent({ type: 'invocation-ended', ...timing, ...common });
    if (result.outcome === 'failed') {
      onEvent({ type: 'invocation-failed', cause: result.cause, error: result.error, ...timing, ...common });
    }
    job.settle(result);
    pump();
  }

  return {
    settings,
    async invoke(payload, trigger, requestId = randomUUID()) {
      const event = JSON.stringify(payload);
      const sizeBytes = Buffer.byteLength(event);
      if (sizeBytes > maxSynchronousPayloadBytes) {
        throw new PayloadTooLargeError(functionName, sizeBytes, maxSynchronousPayloadBytes);
      }
      if (stopped) return { outcome: 'stopped' };
      return new Promise((settle) => {
        waiting.push({ event, trigger, requestId, settle });
        pump();
      });
    },
    isBusy: () => waiting.length > 0 || environments.size > idle.length,
    async stop() {
      stopped = true;
      for (const job of waiting.splice(0)) job.settle({ outcome: 'stopped' });
      await Promise.all([...environments].map((environment) => environment.kill()));
    },
  };
}
