import { expect, test } from 'vitest';
import type { Template } from '../../local/aws/template/assembly.ts';
import { emulatedTemplate } from '../conformance/emulated-template.ts';

function templateWith(Resources: Template['Resources'], Outputs: Template['Outputs'] = {}): Template {
  return { Resources, Outputs, Parameters: {}, Conditions: {} };
}

test('what the emulator lacks is left out by name, and what refers to it gets its logical ID', () => {
  const { template, leftOut } = emulatedTemplate(
    templateWith(
      {
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: {} },
        Queue: { Type: 'AWS::SQS::Queue', Properties: { Tags: [{ Key: 'api', Value: { Ref: 'Api' } }] } },
      },
      { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
    ),
  );
  expect(leftOut).toEqual(new Map([['AWS::ApiGatewayV2::Api', ['Api']]]));
  expect(Object.keys(template.Resources)).toEqual(['Queue']);
  expect(template.Resources.Queue?.Properties).toEqual({ Tags: [{ Key: 'api', Value: 'Api' }] });
  expect(template.Outputs.Url?.Value).toBe('Api');
});

test('a type that nobody has thought of is refused by name, not left out in silence', () => {
  const template = templateWith({ Bus: { Type: 'AWS::Events::EventBus', Properties: {} } });
  expect(() => emulatedTemplate(template)).toThrow('AWS::Events::EventBus');
});

test('a global table becomes a table with what its one replica has', () => {
  const { template, changed } = emulatedTemplate(
    templateWith({
      Ledger: {
        Type: 'AWS::DynamoDB::GlobalTable',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          Replicas: [{ Region: 'us-east-1', DeletionProtectionEnabled: true }],
        },
      },
    }),
  );
  expect(changed).toEqual(['Ledger']);
  expect(template.Resources.Ledger).toEqual({
    Type: 'AWS::DynamoDB::Table',
    Properties: { BillingMode: 'PAY_PER_REQUEST', DeletionProtectionEnabled: true },
  });
});
