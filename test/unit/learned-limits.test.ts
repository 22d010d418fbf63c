import { expect, test } from 'vitest';
import { LearnedLimits } from '../../functions/core/planning/refusals/learned-limits.ts';

const configured = { maxFileUrls: 1000, maxBodyBytes: 500_000 };
const minuteMs = 60_000;

test('a limit of files and one of bytes are each known for an hour, whichever was learned last', () => {
  const learned = new LearnedLimits();
  learned.noteAccepted({ files: 500, bytes: 50_000 }, 0);
  learned.noteAccepted({ files: 100, bytes: 100_000 }, 0);
  const long = learned.learn({ files: 200, bytes: 200_000 }, { files: 100, bytes: 100_000 }, 0);
  expect(long).toEqual({ maxBodyBytes: 100_000 });
  const many = learned.learn({ files: 1000, bytes: 60_000 }, { files: 500, bytes: 30_000 }, 30 * minuteMs);
  expect(many).toEqual({ maxFileUrls: 500 });
  const at = (minutes: number) => learned.applyTo(configured, minutes * minuteMs);
  expect(at(50)).toEqual({ maxFileUrls: 500, maxBodyBytes: 100_000 });
  expect(at(60)).toEqual({ ...configured, maxFileUrls: 500 });
  expect(at(90)).toEqual(configured);
});
