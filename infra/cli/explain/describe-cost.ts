import { leftShare } from '../../../functions/core/following/repeats.ts';
import { plus, type Tokens } from '../../../functions/core/limits/tokens/quota.ts';
import { counted } from '../counted.ts';
import type { CostOfChanges } from './cost-of-changes.ts';

type Cost = Omit<CostOfChanges, 'plans'>;

/** @returns what changes cost, and what comes with it: a second purge, or that they have to wait for other days' tokens */
export function describeCost(cost: Cost): string {
  const { tokens, secondPurge, requests, quota } = cost;
  const first = `It costs ${describeTokens(tokens)} of the day's quota, in ${counted(requests, 'purge request')}.`;
  if (tokens.files > quota.files || tokens.dirs > quota.dirs) {
    return `${first}\nA day has ${describeTokens(quota)}: the rest waits for later days.`;
  }
  if (secondPurge.files === 0 || !hasSecondPurge(cost)) return first;
  const all = describeTokens(plus(tokens, secondPurge));
  return `${first}\nWhile tokens are plentiful, its files are purged once more when that has completed: ${all} in all.`;
}

/** Whether a day on which nothing else changes has tokens for it. */
function hasSecondPurge({ tokens, secondPurge, quota }: Cost): boolean {
  return tokens.files + secondPurge.files <= quota.files * (1 - leftShare.people);
}

/** @returns e.g. `2 files and 1 directory` */
export function describeTokens({ files, dirs }: Tokens): string {
  return [
    ...(files > 0 ? [counted(files, 'file')] : []),
    ...(dirs > 0 ? [counted(dirs, 'directory', 'directories')] : []),
  ].join(' and ');
}
