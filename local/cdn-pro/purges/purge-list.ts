import { type Answer, badRequest } from '../answers.ts';
import {
  formatTime,
  type Page,
  type Parameter,
  type Period,
  readChoice,
  readPage,
  readPeriod,
  refused,
} from '../query.ts';
import { type AcceptedPurge, readTarget } from './purges.ts';
import { regexParts } from './regex-rules.ts';
import { progressOf } from './tasks.ts';
import { hostOf } from './url-rules.ts';

/** How long a purge is in the list. */
const listedMs = 15 * 24 * 3_600_000;

/** What GET /cdn/purges was asked for. */
interface Wanted {
  readonly page: Page;
  readonly period: Period;
  readonly target: string | undefined;
  readonly action: string | undefined;
  readonly search: string;
  readonly maxSuccessRate: number;
  readonly sortBy: 'submissionTime' | 'finishTime';
  readonly sortOrder: 'asc' | 'desc';
}

/**
 * @param unseenMs how long a purge is missing in the list after its request
 * @returns the answer to GET /cdn/purges
 */
export function listPurges(
  purges: readonly AcceptedPurge[],
  query: URLSearchParams,
  unseenMs: number,
  nowMs: number,
): Answer {
  const read = readWanted(query);
  if (!read.ok) return badRequest(read.fault);
  const { value: wanted } = read;
  const seen = purges.filter(
    ({ submittedMs }) => submittedMs <= nowMs - unseenMs && submittedMs > nowMs - listedMs,
  );
  const found = seen.filter((purge) => isWanted(purge, wanted, nowMs));
  const sorted = found.toSorted(orderOf(wanted, nowMs));
  const { offset, limit } = wanted.page;
  const purgeRequests = sorted.slice(offset, offset + limit).map((purge) => describe(purge, nowMs));
  return { status: 200, body: { count: found.length, purgeRequests } };
}

function readWanted(query: URLSearchParams): Parameter<Wanted> {
  const page = readPage(query);
  if (!page.ok) return page;
  const period = readPeriod(query);
  if (!period.ok) return period;
  const target = readTarget(query);
  if (!target.ok) return target;
  const action = readChoice(query, 'action', ['invalidate', 'delete'], invalid('action'));
  if (!action.ok) return action;
  const sortBy = readChoice(query, 'sortBy', ['submissionTime', 'finishTime'], invalid('sortBy'));
  if (!sortBy.ok) return sortBy;
  const sortOrder = readChoice(query, 'sortOrder', ['asc', 'desc'], {
    code: 'InvalidSortOrder',
    message: 'The valid sort order values are asc or desc.',
  });
  if (!sortOrder.ok) return sortOrder;
  const maxSuccessRate = readMaxSuccessRate(query);
  if (!maxSuccessRate.ok) return maxSuccessRate;
  return {
    ok: true,
    value: {
      page: page.value,
      period: period.value,
      target: target.value,
      action: action.value,
      search: query.get('search') ?? '',
      maxSuccessRate: maxSuccessRate.value,
      sortBy: sortBy.value ?? 'submissionTime',
      sortOrder: sortOrder.value ?? 'desc',
    },
  };
}

function readMaxSuccessRate(query: URLSearchParams): Parameter<number> {
  const text = query.get('maxSuccessRate') ?? '100';
  const isRate = /^\d+(?:\.\d+)?$/.test(text) && Number(text) <= 100;
  return isRate ? { ok: true, value: Number(text) } : refused('InvalidRequest', messageOf('maxSuccessRate'));
}

function invalid(name: string) {
  return { code: 'InvalidRequest', message: messageOf(name) };
}

function messageOf(name: string): string {
  return `Invalid parameter '${name}'.`;
}

function isWanted(purge: AcceptedPurge, wanted: Wanted, nowMs: number): boolean {
  const { submittedMs, id, body } = purge;
  const { period, target = body.target, action = actionOf(purge), search, maxSuccessRate } = wanted;
  if (submittedMs < period.fromMs || submittedMs >= period.beforeMs) return false;
  if (body.target !== target || actionOf(purge) !== action) return false;
  if (progressOf(purge, nowMs).successRate > maxSuccessRate) return false;
  return [id, ...hostnamesOf(purge)].some((name) => name.includes(search));
}

/** A purge without a finish time counts as earlier than all that have one. */
function orderOf({ sortBy, sortOrder }: Wanted, nowMs: number) {
  const sign = sortOrder === 'asc' ? 1 : -1;
  const keyOf = (purge: AcceptedPurge) =>
    sortBy === 'submissionTime' ? purge.submittedMs : (progressOf(purge, nowMs).finishMs ?? 0);
  return (a: AcceptedPurge, b: AcceptedPurge) =>
    sign * (keyOf(a) - keyOf(b) || a.submittedMs - b.submittedMs);
}

/** An entry has neither the name nor the URLs. */
function describe(purge: AcceptedPurge, nowMs: number) {
  const { status, successRate, finishMs } = progressOf(purge, nowMs);
  const { target, fileUrls = [], dirUrls = [], regexPatterns = [] } = purge.body;
  return {
    id: purge.id,
    submissionTime: formatTime(purge.submittedMs),
    ...(finishMs === undefined ? {} : { finishTime: formatTime(finishMs) }),
    target,
    status,
    action: actionOf(purge),
    apiRequestId: purge.requestId,
    fileEntries: fileUrls.length,
    dirEntries: dirUrls.length,
    regexEntries: regexPatterns.length,
    successRate,
    hostnames: hostnamesOf(purge),
  };
}

function actionOf({ body }: AcceptedPurge) {
  return body.action ?? 'invalidate';
}

function hostnamesOf({ body }: AcceptedPurge): readonly string[] {
  const { fileUrls = [], dirUrls = [], regexPatterns = [] } = body;
  const hosts = [
    ...[...fileUrls, ...dirUrls].map((url) => hostOf(url) ?? ''),
    ...regexPatterns.map((pattern) => regexParts(pattern)?.host ?? ''),
  ];
  return [...new Set(hosts.map((host) => host.toLowerCase()))];
}
