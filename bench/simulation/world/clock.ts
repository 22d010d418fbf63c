/** A clock that jumps from one event to the next, for simulations that wait for hours in no time. */
export interface VirtualClock {
  nowMs(): number;
  /** Runs a task at a time, or at once where that is past. Tasks of one time run in the order they were given. */
  at(timeMs: number, task: () => void): void;
  /** Resolves after a time. */
  sleep(ms: number): Promise<void>;
  /**
   * Runs everything up to a time, or until nothing is left to run.
   * @param isOver asked before each step: where it is true, time stops there
   */
  run(untilMs: number, isOver?: () => boolean): Promise<void>;
}

interface Event {
  readonly timeMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** @returns a clock at time 0 */
export function createClock(): VirtualClock {
  const heap: Event[] = [];
  let nowMs = 0;
  let order = 0;
  const clock: VirtualClock = {
    nowMs: () => nowMs,
    at(timeMs, task) {
      push(heap, { timeMs: Math.max(nowMs, timeMs), order: order++, task });
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        clock.at(nowMs + ms, resolve);
      }),
    async run(untilMs, isOver = () => false) {
      for (;;) {
        // Whatever the last task has set free runs before time moves on.
        await settle();
        if (isOver()) return;
        const next = heap[0];
        if (next === undefined || next.timeMs > untilMs) break;
        nowMs = next.timeMs;
        while (heap[0]?.timeMs === nowMs) pop(heap)?.task();
      }
      nowMs = Math.max(nowMs, Number.isFinite(untilMs) ? untilMs : nowMs);
    },
  };
  return clock;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Event, b: Event): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || isBefore(above, event)) break;
    heap[index] = above;
    heap[parent] = event;
    index = parent;
  }
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const left = heap[child];
    const right = heap[child + 1];
    if (left === undefined) break;
    let least = left;
    if (right !== undefined && isBefore(right, left)) {
      least = right;
      child++;
    }
    if (!isBefore(least, last)) break;
    heap[index] = least;
    index = child;
  }
  heap[index] = last;
  return first;
}
