import { Stack } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { secretIdFor } from '../../infra/security/secrets.ts';
import { ConfigError } from '../../infra/settings/checks/check.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { allOf, permissionsOf, templateOf } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const env = { account: '111122223333', region: 'eu-west-1' };
const arnOf = (name: string) => `arn:aws:secretsmanager:${env.region}:${env.account}:secret:${name}`;
const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';

/** Names, every other of which ends as an ARN does. */
const names = fc
  .tuple(
    fc.stringMatching(/^[\w/+=.@!-]{1,40}$/),
    fc.constantFrom('', '-', '-secret', '-purger', '/api', '-AbCdEf'),
  )
  .map(([name, end]) => name + end);
const suffix = fc.stringMatching(/^[A-Za-z0-9]{6}$/);

describe('a function names a secret', () => {
  test('by its name or its whole ARN, however it was imported and whatever it is called', () => {
    fc.assert(
      fc.property(names, suffix, (name, end) => {
        const stack = new Stack(undefined, 'Mine', { env });
        const idOf = (secret: ISecret) => secretIdFor(stack, secret);
        expect(idOf(Secret.fromSecretNameV2(stack, 'Name', name))).toBe(name);
        expect(idOf(Secret.fromSecretPartialArn(stack, 'Part', arnOf(name)))).toBe(name);
        const whole = arnOf(`${name}-${end}`);
        expect(idOf(Secret.fromSecretCompleteArn(stack, 'Whole', whole))).toBe(whole);
      }),
      { numRuns: 50 },
    );
  });

  test('by the ARN that the deployment knows, where the app makes it', () => {
    const stack = new Stack();
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    const made = secretIdFor(stack, new Secret(stack, 'Made') as ISecret);
    expect(stack.resolve(made)).toEqual({ Ref: expect.stringMatching('^Made') });
  });

  test("not by a part of another account's ARN: a name says nothing there", () => {
    const stack = new Stack(undefined, 'Mine', { env: { ...env, account: '999988887777' } });
    const theirs = Secret.fromSecretPartialArn(stack, 'Theirs', arnOf('cdn-pro/api'));
    expect(() => secretIdFor(stack, theirs)).toThrow('expected its whole ARN');
    const whole = Secret.fromSecretCompleteArn(stack, 'Whole', arnOf('cdn-pro/api-AbCdEf'));
    expect(secretIdFor(stack, whole)).toBe(whole.secretArn);
  });

  test('not where it is in another region, in which no function looks for it', () => {
    const stack = new Stack(undefined, 'Mine', { env: { ...env, region: 'us-east-1' } });
    const refusal =
      "expected one of the stack's region us-east-1, which a function can read, got one of eu-west-1";
    const part = Secret.fromSecretPartialArn(stack, 'Part', arnOf('cdn-pro/api'));
    expect(() => secretIdFor(stack, part)).toThrow(refusal);
    const whole = Secret.fromSecretCompleteArn(stack, 'Whole', arnOf('cdn-pro/api-AbCdEf'));
    expect(() => secretIdFor(stack, whole)).toThrow(refusal);
  });
});

test('names that end in a hyphen and six characters reach the environments, and may be read', () => {
  const template = templateOf({
    credentials: 'cdn-pro-secret',
    webhooks: [{ source: 'contentful', secret: ['contentful-secret', arnOf('other-AbCdEf')] }],
  });
  const variables = allOf(template, 'AWS::Lambda::Function').map(
    ({ Environment }) => Environment?.Variables ?? {},
  );
  expect(variables.flatMap(({ CREDENTIALS_SECRET_ID }) => CREDENTIALS_SECRET_ID ?? [])).toEqual([
    'cdn-pro-secret',
    'cdn-pro-secret',
  ]);
  expect(variables.flatMap(({ WEBHOOK_SECRET_IDS }) => WEBHOOK_SECRET_IDS ?? [])).toEqual([
    JSON.stringify(['contentful-secret', arnOf('other-AbCdEf')]),
  ]);
  const readable = permissionsOf(template, /webhooks/).filter((each) => each.includes('GetSecretValue'));
  expect(readable.map((each) => each.split(' on ')[1])).toEqual(['contentful-secret-??????', 'other-AbCdEf']);
});

test('a secret under a key of the user is read with it, and the key is for nothing else', () => {
  const template = templateOf({
    credentials: { name: 'cdn-pro/api', keyArn },
    webhooks: [{ source: 'contentful', secret: [{ name: arnOf('cms-AbCdEf'), keyArn }, 'older'] }],
  });
  const decryptionBy = (description: RegExp) =>
    permissionsOf(template, description).filter((each) => each.startsWith('kms:Decrypt'));
  for (const description of [/purge requests/, /parked/]) {
    expect(decryptionBy(description)).toEqual([
      expect.stringMatching(/^kms:Decrypt on "arn:aws:kms.* where kms:EncryptionContext:SecretARN = /),
    ]);
  }
  expect(decryptionBy(/webhooks/)).toEqual([
    `kms:Decrypt on "${keyArn}" where kms:EncryptionContext:SecretARN = ${arnOf('cms-AbCdEf')}`,
  ]);
});

test.each([
  [arnOf('cdn-pro/api'), 'expected the name of a secret (letters, digits and "/_+=.@!-"), or its whole ARN'],
  ['cdn pro', 'expected the name of a secret (letters'],
  ['x'.repeat(513), 'expected the name of a secret (letters'],
  [{ name: 'cdn-pro/api' }, '`credentials.keyArn`: expected the ARN of a key, got nothing'],
  [{ name: 'cdn-pro/api', keyArn: 'alias/mine' }, '`credentials.keyArn`: expected the ARN of a KMS key'],
])('credentials %j are refused', (credentials, message) => {
  expect(() => checkConfig({ ...sampleConfig, credentials })).toThrow(message);
});

test("keys and secrets of another region than the stack's are refused", () => {
  const elsewhere = {
    ...sampleConfig,
    region: 'us-east-1',
    credentials: { name: arnOf('api-AbCdEf'), keyArn },
    webhooks: [{ source: 'contentful', secret: ['a', arnOf('b-AbCdEf')] }],
  };
  for (const path of ['credentials.name', 'credentials.keyArn', 'webhooks[0].secret[1]']) {
    expect(() => checkConfig(elsewhere)).toThrow(`\`${path}\`: expected an ARN of the stack's region`);
  }
});

describe('a secret in place of its name', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 64 }).map((each) => Buffer.from(each));
  const values = fc.oneof(
    bytes.map((each) => `whsec_${each.toString('base64')}`),
    bytes.map((each) => `whsec_${each.toString('base64url')}`),
    bytes.map((each) => each.toString('hex')),
    bytes.map((each) => each.toString('base64')).filter((each) => each.endsWith('=')),
  );
  const webhookOf = (secret: unknown) => ({ webhooks: [{ source: 'contentful', secret }] });
  const fields: readonly (readonly [string, (value: string) => object])[] = [
    ['credentials', (value) => ({ credentials: value })],
    ['credentials.name', (value) => ({ credentials: { name: value, keyArn } })],
    ['webhooks[0].secret', webhookOf],
    ['webhooks[0].secret.name', (value) => webhookOf({ name: value, keyArn })],
    ['webhooks[0].secret[1]', (value) => webhookOf(['cms', value])],
    ['webhooks[0].secret[0].name', (value) => webhookOf([{ name: value, keyArn }])],
  ];

  test('is refused wherever a configuration names one, and not printed', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(...fields), (value, [field, having]) => {
        const issues = refusalOf(() => checkConfig({ ...sampleConfig, ...having(value) }));
        expect(issues).toContain(`\`${field}\`: expected the name or ARN of a secret`);
        expect(issues).toContain('put it into Secrets Manager, and give its name');
        expect(issues).not.toContain(value.replace('whsec_', '').slice(0, 8));
      }),
      { numRuns: 60 },
    );
  });

  test('is refused of a secret that an app names, and its value is not printed', () => {
    fc.assert(
      fc.property(values, (value) => {
        const stack = new Stack(undefined, 'Mine', { env });
        const secrets = [
          Secret.fromSecretNameV2(stack, 'Name', value),
          Secret.fromSecretPartialArn(stack, 'Part', arnOf(value)),
        ];
        for (const secret of secrets) {
          const issues = refusalOf(() => secretIdFor(stack, secret));
          expect(issues).toContain('got what looks like the secret itself: put it into Secrets Manager');
          expect(issues).not.toContain(value.replace('whsec_', '').slice(0, 8));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('that no name may be is not printed either, only what no name has', () => {
    const credentials = '{"username":"jane","apiKey":"k3y-0f-jane"}';
    const issues = refusalOf(() => checkConfig({ ...sampleConfig, credentials }));
    expect(issues).toContain(`got a string of ${credentials.length} characters, "{\\":,}" among them`);
    expect(issues).not.toContain('k3y-0f-jane');
  });
});

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'not refused';
}
