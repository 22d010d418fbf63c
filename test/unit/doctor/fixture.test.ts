import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Fixture, fixtureOf } from '../../../infra/cli/doctor/measure/fixture/fixture.ts';
import { redactCode, redactMessage } from '../../../infra/cli/doctor/measure/fixture/redact.ts';
import { measure, planOf } from '../../../infra/cli/doctor/measure/measure.ts';
import { type FixtureOptions, parseFixture } from '../../../local/cdn-pro/fixture.ts';
import { anyCodePoint } from '../../helpers/any-code-point.ts';
import { type AccountOptions, startMeasuredAccount } from '../../helpers/measured-account.ts';

async function fixtureFor(options: AccountOptions) {
  const account = await startMeasuredAccount(options);
  const quota = options.quotas?.staging ?? { files: 600, dirs: 20 };
  const plan = { left: quota, quota, maxFileUrls: 400, maxBodyBytes: 16_384, untilEmpty: true };
  const { facts } = await measure(planOf(plan), account.bench, () => {});
  await account.stop();
  return { facts, fixture: fixtureOf(facts, account.bench.exchanges) };
}

const small = { quotas: { staging: { files: 600, dirs: 20 } }, processingMs: () => 60_000 };

test('a fixture has what was asked and answered, with the same placeholder for the same thing', async () => {
  const { fixture } = await fixtureFor(small);
  const [purge] = fixture.exchanges.filter(({ method }) => method === 'POST');
  expect(purge).toEqual({
    atSeconds: expect.any(Number),
    method: 'POST',
    path: '/cdn/purges',
    bytes: expect.any(Number),
    sent: { target: 'staging', action: 'invalidate', fileUrls: ['url-1', 'url-2', 'url-3'] },
    status: 201,
    headers: {
      'content-type': 'application/json',
      location: expect.stringMatching(/^id-\d+$/),
      'x-cnc-request-id': expect.stringMatching(/^id-\d+$/),
      'x-rate-limit-remaining': expect.stringMatching(/^\d+$/),
    },
  });
  const list = fixture.exchanges.filter(({ path }) => path === '/cdn/purges').at(-1);
  expect(JSON.stringify(fixture)).toContain(`{"id":"${purge?.headers.location}","submissionTime":"+`);
  expect(list).toBeDefined();
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{5,12}$/);

test('nothing of an account is in it: whatever its names and secrets are, the fixture is the same', async () => {
  const { fixture: other } = await fixtureFor(small);
  const account = fc.record({ customer: word, username: word, apiKey: fc.string({ minLength: 1 }) });
  await fc.assert(
    fc.asyncProperty(account, async ({ customer, username, apiKey }) => {
      const exhausted = {
        status: 403,
        body: {
          code: 'TooManyPurges',
          message: `${customer} (${username}): too many purges of ${customer}.com for customer 4711`,
          customer,
          customerId: 4711,
        },
      };
      const options = { ...small, host: `www.${customer}.com`, credentials: { username, apiKey }, exhausted };
      const { fixture } = await fixtureFor(options);
      const text = JSON.stringify(fixture);
      for (const secret of [customer, username]) expect(text).not.toContain(secret);
      expect(text).not.toContain('4711');
      expect(withoutSizes(fixture)).toEqual(withoutSizes(other));
    }),
    { numRuns: 6 },
  );
});

/** Hosts have different lengths, and the answer at zero has another text. */
function withoutSizes({ facts: { exhausted: _, ...facts }, exchanges }: Fixture) {
  return {
    facts,
    exchanges: exchanges.map(({ bytes: _, body, status, ...rest }) =>
      status === 403 ? rest : { ...rest, status, body },
    ),
  };
}

test('any message and code keeps only words that every account could have', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCodePoint }), word, (noise, name) => {
      const text = redactMessage(`Purge ${noise} of ${name} refused.`);
      expect(text).not.toContain(name);
      expect(redactCode(`Invalid${name}`)).not.toContain(name);
    }),
    { numRuns: 30 },
  );
  expect(redactMessage('The number of purges of acme.com exceeded the account maximum.')).toBe(
    'The number of purges of * exceeded the account maximum.',
  );
});

test('a simulator that goes by it is measured to be the same', async () => {
  const account: AccountOptions = {
    quotas: { staging: { files: 500, dirs: 4 } },
    tokenUnit: 'url',
    costs: { 'POST /cdn/purges': 3 },
    bucket: { perMinute: 30, burst: 60 },
    maxBodyBytes: 9000,
    maxFileUrls: 300,
    exhausted: 'bad-request',
    overdraft: 0.2,
    processingMs: () => 40_000,
  };
  const { facts, fixture } = await fixtureFor(account);
  expect(facts).toMatchObject({
    weights: { post: 3 },
    exhausted: { code: 'InvalidRequest' },
    overdraft: 0.2,
  });
  const { durationsMs = [], ...options }: FixtureOptions = parseFixture(JSON.stringify(fixture));
  const again = await fixtureFor({ ...options, processingMs: () => durationsMs[0] ?? 0 });
  expect(again.facts).toEqual(facts);
});

test.each([
  [
    { perMinute: 24, burst: 40 },
    { perMinute: 30, burst: 60 },
  ],
  [
    { perMinute: 100, burst: 40 },
    { perMinute: 100, burst: 60 },
  ],
  [
    { perMinute: 120, burst: 240 },
    { perMinute: 120, burst: 240 },
  ],
])(
  'of a bucket that was seen as %j, what is below the default may be due to others: %j',
  (bucket, simulated) => {
    expect(parseFixture(JSON.stringify(fixtureOf({ bucket }, []))).bucket).toEqual(simulated);
  },
);

test.each([
  ['not JSON', 'the file: Invalid input: expected object, received undefined'],
  ['{"v":2}', 'v: Invalid input: expected 1'],
  ['{"v":1,"facts":{"tokenUnit":"file"}}', 'facts.tokenUnit: Invalid option'],
])('a file that is no fixture is refused with the field: %s', (text, message) => {
  expect(() => parseFixture(text)).toThrow(message);
});
