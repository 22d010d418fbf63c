import { PurgerError } from '../../../../functions/core/model/errors.ts';
import { describeError } from '../../../../functions/lambda/log.ts';
import { type Bench, type Cost, within } from './bench.ts';
import type { AskEdge } from './edge.ts';
import { answerAtZero } from './experiments/answer-at-zero.ts';
import { bodyLimit } from './experiments/body-limit.ts';
import { cacheKey } from './experiments/cache-key.ts';
import { completionTimes } from './experiments/completion-times.ts';
import { replays } from './experiments/replays.ts';
import { requestWeights } from './experiments/request-weights.ts';
import { tokenUnit } from './experiments/token-unit.ts';
import { cannotTell, type Experiment, type Facts, type Finding, type Result } from './finding.ts';
import { contract, type Surrounding } from './look-around.ts';

/** What decides which experiments there are. */
export interface PlanOptions extends Pick<Surrounding, 'left' | 'quota'> {
  readonly maxFileUrls: number;
  readonly maxBodyBytes: number;
  /** A page that an edge of staging keeps, the other hosts it may be kept for, and that edge. */
  readonly page?:
    | { readonly url: string; readonly otherHosts: readonly string[]; readonly ask: AskEdge }
    | undefined;
  /** Whether all that is left of the day is to be spent. */
  readonly untilEmpty: boolean;
}

/** @returns the experiments, in their order: one may use what those before it have sent */
export function planOf({
  left,
  quota,
  maxFileUrls,
  maxBodyBytes,
  page,
  untilEmpty,
}: PlanOptions): readonly Experiment[] {
  return [
    contract,
    replays,
    tokenUnit,
    requestWeights,
    bodyLimit({ maxBodyBytes, maxFileUrls }),
    completionTimes,
    ...(page === undefined ? [] : [cacheKey(page.url, page.otherHosts, page.ask)]),
    ...(untilEmpty ? [answerAtZero({ left, quota, maxFileUrls })] : []),
  ];
}

/** @returns what experiments cost together, at most */
export function costOf(experiments: readonly Experiment[]): Cost {
  const sum = (field: keyof Cost) => experiments.reduce((total, { cost }) => total + cost[field], 0);
  return { requests: sum('requests'), files: sum('files'), seconds: sum('seconds') };
}

/** What was found out. */
export interface Measurement {
  readonly findings: readonly Finding[];
  readonly facts: Facts;
}

/**
 * Does experiments one after the other. One that fails tells nothing, and stops no other.
 * @param progress is called before each
 */
export async function measure(
  experiments: readonly Experiment[],
  bench: Bench,
  progress: (line: string) => void,
): Promise<Measurement> {
  const findings: Finding[] = [];
  let facts: Facts = {};
  for (const [index, experiment] of experiments.entries()) {
    progress(`${index + 1} of ${experiments.length}: ${experiment.name} ...`);
    const { facts: own, ...finding } = await resultOf(experiment, bench, facts);
    findings.push({ name: experiment.name, ...finding });
    facts = { ...facts, ...own };
  }
  return { findings, facts };
}

async function resultOf({ run, cost }: Experiment, bench: Bench, known: Facts): Promise<Result> {
  try {
    return await run(within(bench, cost), known);
  } catch (error) {
    const { name, message } = describeError(error);
    return cannotTell(error instanceof PurgerError ? message : `${name}: ${message}`);
  }
}
