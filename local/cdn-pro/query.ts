import type { RequestFault } from './answers.ts';

const timestampForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;
const defaultListLimit = 100;
const maxListLimit = 200;

/** A parameter that was read, or what is wrong with it. */
export type Parameter<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: RequestFault };

/** The page of a list. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** A period; what is missing is open. */
export interface Period {
  readonly fromMs: number;
  readonly beforeMs: number;
}

/** @returns `offset` and `limit` */
export function readPage(query: URLSearchParams): Parameter<Page> {
  const offset = query.get('offset') ?? '0';
  if (!/^\d+$/.test(offset)) {
    return refused('InvalidListOffset', 'The offset must be a valid non-negative integer.');
  }
  const limit = query.get('limit') ?? String(defaultListLimit);
  if (!/^-?\d+$/.test(limit)) return refused('InvalidListLimit', 'The value of limit should be an integer.');
  if (Number(limit) < 1 || Number(limit) > maxListLimit) {
    const message = `The value of limit should be between 1 and ${maxListLimit}, inclusive.`;
    return refused('InvalidListLimit', message);
  }
  return { ok: true, value: { offset: Number(offset), limit: Number(limit) } };
}

/** @returns `startdate` and `enddate` */
export function readPeriod(query: URLSearchParams): Parameter<Period> {
  const from = readTime(query, 'startdate', 'InvalidStartDate', Number.NEGATIVE_INFINITY);
  if (!from.ok) return from;
  const before = readTime(query, 'enddate', 'InvalidEndDate', Number.POSITIVE_INFINITY);
  if (!before.ok) return before;
  if (before.value <= from.value) {
    return refused('InvalidTimeSpan', "The parameter 'enddate' should be after 'startdate'.");
  }
  return { ok: true, value: { fromMs: from.value, beforeMs: before.value } };
}

/** Vendor's times are RFC 3339 in UTC, to the second. @returns milliseconds; `undefined` for any other string */
export function timeOf(text: string): number | undefined {
  const ms = timestampForm.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** @returns a time as the API writes it */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** @returns one of some values; `undefined` where the parameter is missing */
export function readChoice<Choice extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly Choice[],
  fault: RequestFault,
): Parameter<Choice | undefined> {
  const value = query.get(name);
  const choice = choices.find((each) => each === value);
  return value === null || choice !== undefined ? { ok: true, value: choice } : { ok: false, fault };
}

/** @returns the refusal of a parameter */
export function refused(code: string, message: string): Parameter<never> {
  return { ok: false, fault: { code, message } };
}

function readTime(query: URLSearchParams, name: string, code: string, missing: number): Parameter<number> {
  const text = query.get(name);
  if (text === null) return { ok: true, value: missing };
  const value = timeOf(text);
  if (value !== undefined) return { ok: true, value };
  const form = `"yyyy-MM-dd'T'HH:mm:ss'Z'"`;
  const message = `Invalid parameter '${name}'. '${text}' is not a valid RFC3339 timestamp in UTC. The timestamp should be in ${form} format.`;
  return refused(code, message);
}
