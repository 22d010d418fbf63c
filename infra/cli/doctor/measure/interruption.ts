import { type Bench, MeasureError } from './bench.ts';

type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** @returns a sleep that ends with a MeasureError once the signal is aborted */
export function sleepUntil(signal: AbortSignal, sleep: Sleep): (ms: number) => Promise<void> {
  return async (ms) => {
    refuseAfter(signal);
    try {
      await sleep(ms, signal);
    } finally {
      refuseAfter(signal);
    }
  };
}

/** @returns the same bench, which sends nothing more once the signal is aborted; what was sent is waited for */
export function interruptible(bench: Bench, signal: AbortSignal): Bench {
  return {
    ...bench,
    sleep: sleepUntil(signal, bench.sleep),
    async get(...request) {
      refuseAfter(signal);
      return bench.get(...request);
    },
    async post(...request) {
      refuseAfter(signal);
      return bench.post(...request);
    },
  };
}

/** @throws MeasureError */
function refuseAfter({ aborted }: AbortSignal): void {
  if (aborted) throw new MeasureError('it was interrupted');
}
