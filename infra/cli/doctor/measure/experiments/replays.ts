import { describe, tokensPath } from '../ask.ts';
import { cannotTell, type Experiment, measured } from '../finding.ts';

/** Later than that, the age of the signature may be what is refused. */
const mostAgeMs = 5_000;

/** Whether the same question, signed with the same time, is answered twice. */
export const replays: Experiment = {
  name: 'equal requests',
  cost: { requests: 2, files: 0, seconds: 0 },
  async run(bench) {
    const signedMs = bench.nowMs();
    const first = await bench.get(tokensPath, signedMs);
    const second = await bench.get(tokensPath, signedMs);
    const evidence = `${describe(first)}, then ${describe(second)}`;
    if (first.status !== 200) return cannotTell('the first of two was refused', evidence);
    if (second.status === 200) return measured('both are answered', evidence, { refusesReplays: false });
    if (second.status !== 401 && second.status !== 403) return cannotTell('the second failed', evidence);
    const ageMs = second.sentMs - signedMs;
    if (ageMs > mostAgeMs) {
      return cannotTell(`the second was sent ${Math.round(ageMs / 1000)} s after it was signed`, evidence);
    }
    return measured('the second is refused', evidence, { refusesReplays: true });
  },
};
