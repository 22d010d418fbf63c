import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { expect, test } from 'vitest';
import { CdnPurger, type CdnPurgerProps } from '../../infra/cdn-purger.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const place = { account: '111122223333', region: 'eu-west-1' };
const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:cdn-pro/api-AbCdEf';

type Made = Partial<CdnPurgerProps> & Pick<CdnPurgerProps, 'credentials'>;

/** The warnings about ledgers of a stack whose purger is the second in its app. */
function warningsOf(
  make: (stack: Stack, first?: CdnPurger) => Made,
  places: readonly { readonly account?: string; readonly region?: string }[] = [{}, {}],
): readonly unknown[] {
  const app = unbundledApp();
  let purger: CdnPurger | undefined;
  const stacks = places.map((env, index) => {
    const stack = new Stack(app, `Stack${index}`, { env });
    const { target, rules } = sampleConfig;
    purger = new CdnPurger(stack, 'Purger', { target, rules: rules.slice(0, 1), ...make(stack, purger) });
    purger.watchBucket(Bucket.fromBucketName(stack, 'Bucket', 'www-example-com'), { prefix: 'site/' });
    return stack;
  });
  return stacks.flatMap((stack) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('another ledger'))
      .map(({ entry }) => entry.data),
  );
}

const byName = (stack: Stack, name = 'cdn-pro/api') => Secret.fromSecretNameV2(stack, 'CdnPro', name);
const byArn = (stack: Stack) => Secret.fromSecretCompleteArn(stack, 'CdnPro', arn);

test('two purgers with the same credentials, each with its own ledger, are warned of', () => {
  const [warning, ...others] = warningsOf((stack) => ({ credentials: byName(stack) }));
  expect(others).toEqual([]);
  expect(warning).toMatch(
    /^Stack0\/Purger uses the same credentials and another ledger: .* Give this one `sharedLedger`: .* \[ack: cdn-pro-purger:ledgers\]$/,
  );
});

test('a secret is the same by its name and by its ARN, and where its object is handed on', () => {
  const mixed = (stack: Stack, first?: CdnPurger) => ({ credentials: first ? byArn(stack) : byName(stack) });
  expect(warningsOf(mixed, [place, place])).toHaveLength(1);
  let secret: ISecret | undefined;
  const handedOn = (stack: Stack) => {
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    secret ??= new Secret(stack, 'Made') as ISecret;
    return { credentials: secret };
  };
  expect(warningsOf(handedOn)).toHaveLength(1);
});

test.each<[string, Parameters<typeof warningsOf>]>([
  ['another secret', [(stack, first) => ({ credentials: byName(stack, first ? 'other' : 'cdn-pro/api') })]],
  [
    'the ledger of the other',
    [
      (stack, first) => ({
        credentials: byName(stack),
        ...(first && { sharedLedger: first.ledger.table }),
      }),
    ],
  ],
  [
    'another account',
    [(stack) => ({ credentials: byName(stack) }), [place, { ...place, account: '444455556666' }]],
  ],
])('a purger with %s is not', (_, args) => {
  expect(warningsOf(...args)).toEqual([]);
});
