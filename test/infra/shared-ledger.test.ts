import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { Webhook } from '../../infra/webhook.ts';
import { templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const table = 'arn:aws:dynamodb:eu-west-1:444455556666:table/ledger';

/** The name of the table in a function's environment. */
function tableOf(template: Template, description: string): unknown {
  const [fn] = Object.values(
    template.findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp(description) },
    }),
  );
  return fn?.Properties.Environment.Variables.LEDGER_TABLE_NAME;
}

describe('a deployment that shares the ledger of another one', () => {
  test.each([
    ['by name, in the same account and region', 'ledger'],
    ['by ARN, in another', table],
  ])('%s: acquires slots there, and remembers entries in its own table', (_, shared) => {
    const template = templateOf({ sharedLedger: { table: shared } });
    expect(tableOf(template, 'purge requests')).toBe(shared);
    expect(tableOf(template, 'verifies webhooks')).toEqual({
      Ref: expect.stringMatching(/^PurgerLedgerTable/),
    });
  });

  test('in one app is given the table of the other', () => {
    const app = unbundledApp();
    const purgerOf = (stack: Stack, sharing: Partial<{ sharedLedger: CdnPurger['ledger']['table'] }>) => {
      const secret = Secret.fromSecretNameV2(stack, 'Secret', 'x');
      const purger = new CdnPurger(stack, 'Purger', {
        credentials: secret,
        target: 'production',
        rules: sampleConfig.rules.slice(1),
        ...sharing,
      });
      purger.receiveWebhook(Webhook.contentful({ secret }));
      return purger;
    };
    const first = purgerOf(new Stack(app, 'First'), {});
    const second = new Stack(app, 'Second');
    purgerOf(second, { sharedLedger: first.ledger.table });
    expect(tableOf(Template.fromStack(second), 'purge requests')).toEqual({
      'Fn::ImportValue': expect.stringMatching(/^First:ExportsOutputRefPurgerLedgerTable/),
    });
  });

  test('names a table, its key and accounts as AWS does', () => {
    const config = {
      ...sampleConfig,
      sharedLedger: { table: 'a b', encryptionKeyArn: 'k', name: 'c' },
      ledgerSharedWith: ['4444-5555-6666'],
    };
    expect(() => checkConfig(config)).toThrow(
      [
        'The configuration has 5 issues:',
        '- `sharedLedger.table`: expected the name of a DynamoDB table, or its ARN, got "a b"',
        '- `sharedLedger.encryptionKeyArn`: expected the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID, got "k"',
        '- `sharedLedger`: unknown field `name` (expected one of `table`, `encryptionKeyArn`)',
        '- `ledgerSharedWith[0]`: expected the 12 digits of an AWS account, got "4444-5555-6666"',
        '- `ledgerSharedWith`: expected not to be set with `sharedLedger`: let the deployment that has that ledger share it',
      ].join('\n'),
    );
  });
});

test('a ledger that is shared with another account lets it use the window and nothing else', () => {
  const template = templateOf({ ledgerSharedWith: ['444455556666'] });
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    ResourcePolicy: {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: { 'Fn::Join': ['', Match.arrayWith([':iam::444455556666:root'])] } },
            Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
            Resource: '*',
            Condition: {
              'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['rate-window', 'rate-window-used'] },
            },
          },
        ],
      },
    },
    // AWS's key for DynamoDB in one account cannot be used from another.
    SSESpecification: { SSEEnabled: false },
  });
});

test('the construct names accounts as AWS does, too', () => {
  const stack = new Stack(unbundledApp(), 'Mine');
  const credentials = Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api');
  const props = {
    credentials,
    target: 'production',
    rules: sampleConfig.rules,
    ledgerSharedWith: ['me'],
  } as const;
  expect(() => new CdnPurger(stack, 'Purger', props)).toThrow(
    '`ledgerSharedWith[0]`: expected the 12 digits of an AWS account, got "me"',
  );
});

test('a ledger that nobody shares has no policy that lets anybody in', () => {
  templateOf().hasResourceProperties('AWS::DynamoDB::Table', { ResourcePolicy: Match.absent() });
});
