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

test('an unknown type is refused by name, not left out silently', () => {
  const template = templateWith({ Bus: { Type: 'AWS::Events::EventBus', Properties: {} } });
  expect(() => emulatedTemplate(template)).toThrow('AWS::Events::EventBus');
});
