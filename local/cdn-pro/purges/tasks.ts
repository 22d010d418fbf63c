import { randomBytes } from 'node:crypto';

/** A purge or prefetch that was accepted: it waits, is in progress, and has finished. Nothing fails as a whole. */
export interface Task {
  /** 24 hexadecimal digits, as the vendor's. */
  readonly id: string;
  /** The `x-cnc-request-id` of the answer that accepted it. */
  readonly requestId: string;
  readonly submittedMs: number;
  /** From when on it is in progress. */
  readonly startMs: number;
  readonly finishMs: number;
  /** The share of the servers that have done it in the end, as a percentage: some may never do it. */
  readonly successRate: number;
}

/** How far a task is. */
export interface Progress {
  readonly status: 'waiting' | 'inprogress' | 'finished';
  readonly successRate: number;
  readonly finishMs?: number;
}

/** How a task will go. */
export interface TaskPlan {
  /** From when on it may begin. */
  readonly fromMs: number;
  /** How long it waits and works. */
  readonly processingMs: number;
  readonly successRate: number;
}

/** @returns a task with a new id, which waits for the first half of its time */
export function newTask(
  requestId: string,
  { fromMs, processingMs, successRate }: TaskPlan,
  nowMs: number,
): Task {
  const id = randomBytes(12).toString('hex');
  const startMs = fromMs + processingMs / 2;
  return { id, requestId, submittedMs: nowMs, startMs, finishMs: fromMs + processingMs, successRate };
}

/** @returns how far a task is; its success rate grows steadily while it is in progress */
export function progressOf({ startMs, finishMs, successRate }: Task, nowMs: number): Progress {
  if (nowMs >= finishMs) return { status: 'finished', successRate, finishMs };
  if (nowMs < startMs) return { status: 'waiting', successRate: 0 };
  const done = (nowMs - startMs) / (finishMs - startMs);
  return { status: 'inprogress', successRate: Math.floor(successRate * done * 100) / 100 };
}
