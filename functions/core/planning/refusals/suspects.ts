import { groupBy } from '../../model/group-by.ts';
import type { PlannedRequest } from '../planned-request.ts';
import type { Conclusion, Shelved } from './conclusion.ts';
import type { Failure } from './failure.ts';
import { bodySize } from './learned-limits.ts';
import { hasFailedAlone, isSuspicious, partOf, type Suspect, type Whole } from './suspect.ts';

/** The suspects of one batch, those that wait and those that are under way, and what was concluded about others. */
export class Suspects {
  #waiting: readonly Suspect[] = [];
  readonly #underWay = new Map<PlannedRequest, Suspect>();
  #conclusions: Conclusion[] = [];

  get waiting(): readonly Suspect[] {
    return this.#waiting;
  }

  get underWay(): readonly Suspect[] {
    return [...this.#underWay.values()];
  }

  /** @param first those that are tried before the others */
  add(last: readonly Suspect[], first: readonly Suspect[] = []): void {
    this.#waiting = [...first, ...this.#waiting, ...last];
  }

  replace(suspect: Suspect, by: readonly Suspect[]): void {
    this.#waiting = this.#waiting.flatMap((each) => (each === suspect ? by : [each]));
  }

  remove(isRemoved: (suspect: Suspect) => boolean): void {
    if (this.#waiting.some(isRemoved)) this.#waiting = this.#waiting.filter((each) => !isRemoved(each));
  }

  setReady(suspect: Suspect): void {
    this.replace(suspect, [{ ...suspect, state: 'ready' }]);
  }

  /** @returns whether the request is one of these, under way from now on */
  start(request: PlannedRequest): boolean {
    const suspect = this.#waiting.find((each) => each.request === request);
    if (suspect === undefined) return false;
    this.replace(suspect, []);
    this.#underWay.set(request, suspect);
    return true;
  }

  /** @returns the suspect of a request that was under way; undefined where the request was none */
  end(request: PlannedRequest): Suspect | undefined {
    const suspect = this.#underWay.get(request);
    this.#underWay.delete(request);
    return suspect;
  }

  /** @param restState the state of all parts but the first, which is to be sent */
  takeApart(suspect: Suspect, requests: readonly PlannedRequest[], restState: Suspect['state']): void {
    const { request, failure, times } = suspect;
    const isRefused = times > 0 && failure?.kind === 'refused';
    const whole = isRefused ? wholeOf(request) : suspect.whole;
    if (whole !== undefined) whole.open += requests.length - 1;
    const suspected: Suspect = whole === undefined ? suspect : { ...suspect, whole };
    this.replace(
      suspect,
      requests.map((part, index) => partOf(suspected, part, index === 0 ? 'ready' : restState)),
    );
  }

  conclude(conclusion: Conclusion): void {
    this.#conclusions.push(conclusion);
  }

  reject(suspect: Suspect, failure: Failure): void {
    this.replace(suspect, []);
    this.conclude({ kind: 'reject', entries: suspect.request.entries, failure });
  }

  shelve(suspects: readonly Suspect[], shelved: Omit<Shelved, 'kind' | 'requests' | 'isApart'>): void {
    const byApart = groupBy(suspects, (suspect) => {
      // A refusal for tokens says nothing about the entries; without a verdict, they may spend tokens for nothing again.
      if (shelved.why === 'tokens')
        return suspect.isPart ? isSuspicious(suspect) : suspect.failure?.kind === 'no-verdict';
      if (shelved.why === 'isolation' && suspect.isPart) return true;
      return shelved.why === 'failed-alone' || hasFailedAlone(suspect);
    });
    for (const [isApart, group] of byApart) {
      const requests = group.map(({ request }) => request);
      this.conclude({ kind: 'shelve', requests, isApart, ...shelved });
    }
    this.remove((suspect) => suspects.includes(suspect));
  }

  /** @returns what was concluded since the last time */
  takeConclusions(): readonly Conclusion[] {
    const conclusions = this.#conclusions;
    this.#conclusions = [];
    return conclusions;
  }
}

function wholeOf(request: PlannedRequest): Whole {
  return {
    size: bodySize(request),
    open: 1,
    hasFailedPart: false,
    largestAccepted: { files: 0, bytes: 0 },
  };
}
