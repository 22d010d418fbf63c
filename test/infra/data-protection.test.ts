import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { CdnPurger, type CdnPurgerProps } from '../../infra/cdn-purger.ts';
import { retentions } from '../../infra/settings/data-protection-settings.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { everything } from '../helpers/deployments.ts';
import { allOf, templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const data = ['AWS::SQS::Queue', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup'];

function policiesOf(template: Template): ReadonlyMap<string, string> {
  return new Map(
    data.flatMap((type) =>
      Object.entries(template.findResources(type)).map(
        ([id, { DeletionPolicy }]) => [id.slice(0, -8), DeletionPolicy] as const,
      ),
    ),
  );
}

describe('what happens to data when the stack is removed', () => {
  test('in production, all of it stays; a creation that fails leaves queues and logs not behind', () => {
    const kept = templateOf(everything);
    const policies = policiesOf(kept);
    expect([...policies.keys()]).toEqual(
      expect.arrayContaining([
        'PurgerSubmitBufferQueue',
        'PurgerSubmitBufferDeadLetterQueue',
        'PurgerReceiveS3InboxQueue',
        'PurgerReceiveWebhookWebhookApiAccessLogs',
        'PurgerLedgerTable',
        'PurgerParkedTable',
        'PurgerJournalTable',
      ]),
    );
    for (const [id, policy] of policies) {
      expect([id, policy]).toEqual([id, id.endsWith('Table') ? 'Retain' : 'RetainExceptOnCreate']);
    }
    for (const table of allOf(kept, 'AWS::DynamoDB::Table')) {
      expect(table).toMatchObject({ DeletionProtectionEnabled: true });
    }
  });

  test.each([
    ['staging', { target: 'staging' }],
    ['where the user says so', { retainData: false }],
  ] as const)('%s: all of it goes, and nothing is in the way', (_, overrides) => {
    const gone = templateOf({ ...everything, ...overrides });
    expect(new Set(policiesOf(gone).values())).toEqual(new Set(['Delete']));
    for (const table of allOf(gone, 'AWS::DynamoDB::Table')) {
      expect(table).toMatchObject({ DeletionProtectionEnabled: false });
    }
  });

  test('staging can keep it, too', () => {
    const kept = templateOf({ target: 'staging', retainData: true });
    expect(policiesOf(kept).get('PurgerSubmitBufferQueue')).toBe('RetainExceptOnCreate');
  });
});

test('what is remembered, what is parked and the journal can be restored to any second of 35 days', () => {
  const tables = allOf(templateOf({ retainData: false }), 'AWS::DynamoDB::Table');
  expect(tables).toHaveLength(3);
  for (const table of tables) {
    expect(table).toMatchObject({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } });
  }
});

test('what is parked never expires', () => {
  const tables = templateOf().findResources('AWS::DynamoDB::Table');
  const [parked] = Object.entries(tables).filter(([id]) => id.startsWith('PurgerParkedTable'));
  expect(parked?.[1].Properties).not.toHaveProperty('TimeToLiveSpecification');
});

describe('logs', () => {
  test.each([
    [30, {}],
    [365, { logRetentionDays: 365 }],
  ])('are kept for %d days, of the API and of every function in its own group', (days, overrides) => {
    const template = templateOf({ ...everything, ...overrides });
    for (const { RetentionInDays } of allOf(template, 'AWS::Logs::LogGroup'))
      expect(RetentionInDays).toBe(days);
    const groups = allOf(template, 'AWS::Lambda::Function').map(
      ({ LoggingConfig }) => LoggingConfig.LogGroup.Ref,
    );
    const [stage] = allOf(template, 'AWS::ApiGatewayV2::Stage');
    const access = stage?.AccessLogSettings.DestinationArn['Fn::GetAtt'][0];
    expect([...groups, access].toSorted()).toEqual(
      Object.keys(template.findResources('AWS::Logs::LogGroup')).toSorted(),
    );
  });

  test('are kept for each time that CDK knows, apart from forever', () => {
    const days = Object.values(RetentionDays).filter((each) => typeof each === 'number');
    expect(retentions).toEqual(days.filter((each) => each !== RetentionDays.INFINITE));
  });

  test('are not kept for a time that CloudWatch Logs does not know', () => {
    const refused =
      /`logRetentionDays`: expected a number of days that CloudWatch Logs takes \(1, 3, .* 3653\), got 31/;
    expect(() => checkConfig({ ...sampleConfig, logRetentionDays: 31 })).toThrow(refused);
    expect(() => templateOfConstruct({ logRetentionDays: 31 })).toThrow(refused);
  });
});

/** @returns the template of the construct in somebody's stack */
function templateOfConstruct(props: Partial<CdnPurgerProps>): Template {
  const stack = new Stack(unbundledApp(), 'Mine');
  new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules,
    ...props,
  });
  return Template.fromStack(stack);
}
