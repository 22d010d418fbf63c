import { describe, expect, test } from 'vitest';
import { type Period, statesOf } from '../helpers/alarm-rule.ts';
import { templateOf } from '../helpers/purger-stack.ts';
import { alarmsOf } from '../helpers/watched-metrics.ts';

const alarms = alarmsOf(templateOf());

/** @returns whether the alarm goes off at any time in these periods */
function goesOff(name: string, periods: readonly Period[]): boolean {
  const alarm = alarms.get(`Stack-Purger-${name}`);
  if (alarm === undefined) throw new Error(`expected an alarm ${name}`);
  return statesOf(alarm, periods).includes(true);
}

const quiet: Period = {};
const times = (count: number, period: Period): readonly Period[] =>
  Array.from({ length: count }, () => period);

describe('freshness', () => {
  test('goes off when nothing is submitted and messages grow old', () => {
    const ages = [60, 360, 660].map((oldestMessage) => ({ oldestMessage }));
    expect(goesOff('freshness', ages)).toBe(true);
  });

  test('goes off under starvation, where messages are young because they go back as new ones', () => {
    expect(goesOff('freshness', times(3, { oldestMessage: 40, waiting: 600 }))).toBe(true);
  });

  test('goes off when changes arrive late in one period after another', () => {
    expect(goesOff('freshness', times(2, { oldestMessage: 3, purged: 90 }))).toBe(true);
  });

  test('lets one late event pass, and changes that are in time', () => {
    expect(goesOff('freshness', [quiet, { oldestMessage: 2, purged: 3000 }, quiet, quiet])).toBe(false);
    expect(goesOff('freshness', times(50, { oldestMessage: 4, purged: 5, waiting: 4 }))).toBe(false);
  });
});

describe('freshness of what waits before receive-s3', () => {
  const buckets = [{ name: 'www-example-com', via: 'notification' as const }];
  const inbox = alarmsOf(templateOf({ buckets })).get('Stack-Purger-freshness-inbox');
  if (inbox === undefined) throw new Error('expected an alarm of the inbox');

  test('goes off when the receiver takes nothing', () => {
    expect(statesOf(inbox, [quiet, { value: 240 }, { value: 540 }])).toEqual([false, false, true]);
  });

  test('lets one batch that was tried again pass, and events that are in time', () => {
    expect(statesOf(inbox, [quiet, { value: 185 }, quiet, quiet])).not.toContain(true);
    expect(statesOf(inbox, times(20, { value: 3 }))).not.toContain(true);
  });
});

describe('credentials', () => {
  const windows = [1, 2, 45, 46, 120, 300];

  /** The alarm, with what it sees of refusals at these seconds, for each second at which its periods may begin. */
  function watchedFromAnyMoment(batchingWindowSeconds: number) {
    const alarm = alarmsOf(templateOf({ batchingWindowSeconds })).get('Stack-Purger-credentials-refused');
    const periodSeconds = alarm?.Period;
    if (alarm === undefined || periodSeconds === undefined)
      throw new Error('expected an alarm of one metric');
    return Array.from({ length: periodSeconds }, (_, offsetSeconds) => ({
      alarm,
      periodsFrom(refusedAtSeconds: readonly number[]): readonly Period[] {
        const refused = new Set(
          refusedAtSeconds.map((at) => Math.floor((at + offsetSeconds) / periodSeconds)),
        );
        return Array.from({ length: 40 }, (_, index) => (refused.has(index) ? { value: 1 } : quiet));
      },
    }));
  }

  test('that are refused once a minute go off', () => {
    expect(goesOff('credentials-refused', times(4, { value: 2 }))).toBe(true);
    // A try may fall just behind the minute.
    expect(goesOff('credentials-refused', [{ value: 2 }, quiet, { value: 2 }, { value: 2 }])).toBe(true);
  });

  test.each(windows)('that are refused for good go off, with a batching window of %i s', (windowSeconds) => {
    for (const { alarm, periodsFrom } of watchedFromAnyMoment(windowSeconds)) {
      for (const lateSeconds of [2, 15]) {
        const tries = Array.from({ length: 4 }, (_, index) => index * (60 + windowSeconds + lateSeconds));
        expect(statesOf(alarm, periodsFrom(tries))).toContain(true);
      }
    }
  });

  test.each(windows)('that are rotated within two minutes do not, with one of %i s', (windowSeconds) => {
    for (const { alarm, periodsFrom } of watchedFromAnyMoment(windowSeconds)) {
      expect(statesOf(alarm, periodsFrom([0, 60 + windowSeconds]))).not.toContain(true);
    }
  });

  test('that are rotated do not', () => {
    expect(goesOff('credentials-refused', [{ value: 8 }, { value: 1 }, quiet, quiet, quiet])).toBe(false);
  });
});

describe('receivers', () => {
  test('of S3 may fail once, since S3 is tried again; of webhooks not, since some senders do not try again', () => {
    expect(goesOff('receiver-errors-receive-s3', [quiet, { errors: 2 }, quiet, quiet])).toBe(false);
    expect(goesOff('receiver-errors-receive-s3', [{ errors: 2 }, quiet, { throttles: 1 }])).toBe(true);
    expect(goesOff('receiver-errors-receive-webhook', [quiet, { serverErrors: 1 }])).toBe(true);
  });
});

describe('changes that no rule matches', () => {
  test('go off when they are most of what comes', () => {
    expect(goesOff('changes-unmatched-receive-s3', [{ unmatched: 10, queued: 0 }])).toBe(true);
    expect(goesOff('changes-unmatched-receive-s3', [{ unmatched: 500, queued: 300 }])).toBe(true);
  });

  test('do not when they are few, or a part of many', () => {
    expect(goesOff('changes-unmatched-receive-s3', times(5, { unmatched: 9, queued: 0 }))).toBe(false);
    expect(goesOff('changes-unmatched-receive-s3', times(5, { unmatched: 500, queued: 800 }))).toBe(false);
  });
});

test('the budget may be used up by a burst, but not for long', () => {
  expect(goesOff('budget-used', [{ value: 100 }, { value: 95 }, { value: 40 }, { value: 100 }])).toBe(false);
  expect(goesOff('budget-used', times(3, { value: 81 }))).toBe(true);
});

test('one dead letter, one rejected entry and one refused URL are enough', () => {
  for (const name of ['dead-letters', 'entries-rejected', 'urls-refused-receive-s3']) {
    expect(goesOff(name, [{ value: 1 }])).toBe(true);
    expect(goesOff(name, [quiet, { value: 0 }])).toBe(false);
  }
});

test('a 429 now and then is in order, three in a quarter of an hour are not', () => {
  expect(goesOff('throttled', times(10, { value: 2 }))).toBe(false);
  expect(goesOff('throttled', [{ value: 3 }])).toBe(true);
});

test('one webhook that the throttle turned away is enough: some senders do not try again', () => {
  expect(goesOff('webhooks-throttled', [quiet, { value: 1 }])).toBe(true);
  expect(goesOff('webhooks-throttled', times(3, quiet))).toBe(false);
});

test('a webhook may fail verification twice in an hour', () => {
  expect(goesOff('webhook-unverified-contentful', times(10, { value: 2 }))).toBe(false);
  expect(goesOff('webhook-unverified-contentful', [{ value: 3 }])).toBe(true);
});

describe('tick', () => {
  test('goes off when each minute is lost, whether it crashes or has no concurrency', () => {
    expect(goesOff('tick-errors', times(3, { value: 4 }))).toBe(true);
    expect(alarms.get('Stack-Purger-tick-errors')).toMatchObject({ MetricName: 'AsyncEventsDropped' });
  });

  test('lets some bad minutes pass', () => {
    expect(goesOff('tick-errors', [...times(2, { value: 5 }), quiet, { value: 1 }])).toBe(false);
  });
});
