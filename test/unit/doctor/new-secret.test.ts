import { expect, test } from 'vitest';
import { describeNewSecret } from '../../../infra/cli/doctor/cdn-pro.ts';

const nowMs = Date.UTC(2026, 10, 27, 1);
const storedBefore = (seconds: number) => describeNewSecret(nowMs - seconds * 1000, nowMs);

test('doctor says of a secret that was stored less than five minutes ago until when functions may use the old one', () => {
  expect(storedBefore(60)).toBe(
    '; the secret was stored at 2026-11-27T00:59:00.000Z, and functions may use the one before until 2026-11-27T01:04:00.000Z, or until CDN Pro refuses it',
  );
  expect(storedBefore(299)).not.toBe('');
  expect(storedBefore(300)).toBe('');
  expect(describeNewSecret(undefined, nowMs)).toBe('');
});
