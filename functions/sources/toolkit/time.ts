/** ISO 8601 as senders write it: a date, or a date and a time with its zone. */
const isoDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** The value itself if it is a string with a date that exists, in ISO 8601; else undefined. */
export function isoDateOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !isoDate.test(value)) return undefined;
  return Number.isNaN(Date.parse(value)) ? undefined : value;
}

/** ISO 8601 of a time in milliseconds since the epoch. */
export function isoOfMs(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
