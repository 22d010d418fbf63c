import type { DeclaredLimit, RateWindow } from '../../core/limits/requests/window.ts';
import { isRecord } from '../../core/model/record.ts';

/** The most that a configuration can say (`infra/settings/limits-settings.ts`). */
const maxRequests = 10_000;
const maxSeconds = 3600;
const maxTokens = 10_000_000;
/** A day of the local stack is a minute. */
const minHourMs = 1000;
const maxHourMs = 60 * 60 * 1000;

/**
 * @param attributes of the limits' item, which other accounts may write, too, less what deployments declare
 * @returns whether this project can have written them: lists and records of finite numbers where there are to be some
 */
export function isSound(attributes: Readonly<Record<string, unknown>>): boolean {
  const { arrivedByMs = [], bucket = [], quotas = {}, senders = {}, directories = {} } = attributes;
  const { closedUntilMs = 0, spent = 0, inflow = 0, pacedAtMs = 0 } = attributes;
  return (
    [arrivedByMs, bucket].every((list) => Array.isArray(list) && isNumeric(list)) &&
    [closedUntilMs, spent, inflow, pacedAtMs].every(isFiniteNumber) &&
    [senders, directories].every((record) => isRecord(record) && isNumeric(record)) &&
    isRecord(senders) &&
    Object.values(senders).every((each) => isRecord(each) && Object.values(each).every(Array.isArray)) &&
    isRecord(quotas) &&
    Object.values(quotas).every(isSoundQuota)
  );
}

function isSoundQuota(quota: unknown): boolean {
  if (!isRecord(quota) || !isNumeric(quota)) return false;
  const { firstHour, files, dirs, hourMs = maxHourMs } = quota;
  const isHour = isFiniteNumber(hourMs) && hourMs >= minHourMs && hourMs <= maxHourMs;
  return isHour && isFiniteNumber(firstHour) && Array.isArray(files) && Array.isArray(dirs);
}

/** @returns the declared limits that a configuration can say: others would hold up every deployment */
export function soundDeclarations(declared: unknown): RateWindow['declared'] {
  if (!isRecord(declared)) return {};
  const sound = Object.entries(declared).filter((entry): entry is [string, DeclaredLimit] =>
    isPossible(entry[1]),
  );
  return Object.fromEntries(sound);
}

function isPossible(limit: unknown): boolean {
  if (!isRecord(limit) || !isNumeric(limit)) return false;
  const { requests, perSeconds, bucket = {}, quota = {}, atMs, closedUntilMs = 0 } = limit;
  return (
    isBetween(requests, 1, maxRequests) &&
    isBetween(perSeconds, 1, maxSeconds) &&
    [atMs, closedUntilMs].every(isFiniteNumber) &&
    isRecord(bucket) &&
    Object.values(bucket).every((figure) => isBetween(figure, 1, maxRequests)) &&
    isRecord(quota) &&
    Object.values(quota).every(
      (kinds) => isRecord(kinds) && Object.values(kinds).every((tokens) => isBetween(tokens, 1, maxTokens)),
    )
  );
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return isFiniteNumber(value) && value >= least && value <= most;
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Whether all that a value holds, however deep, are finite numbers. */
function isNumeric(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isFiniteNumber(value);
  return Object.values(value).every(isNumeric);
}
