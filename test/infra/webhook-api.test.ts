import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import type { WebhookApiSettings } from '../../infra/settings/sources/webhook-api-settings.ts';
import { templateOf } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const certificateArn = 'arn:aws:acm:eu-central-1:111122223333:certificate/0a1b';
const domainName = 'hooks.example.com';
const stageOf = (webhookApi: WebhookApiSettings = {}) =>
  Object.values(templateOf({ webhookApi }).findResources('AWS::ApiGatewayV2::Stage'))[0]?.Properties;

test('a burst of a CMS is let through, and a flood is not', () => {
  expect(stageOf().DefaultRouteSettings).toEqual({ ThrottlingBurstLimit: 500, ThrottlingRateLimit: 100 });
  expect(stageOf({ throttle: { burst: 20 } }).DefaultRouteSettings).toEqual({
    ThrottlingBurstLimit: 20,
    ThrottlingRateLimit: 100,
  });
});

test('a limit that is undefined, as from a variable that is not there, has its default', () => {
  const throttle: object = { ratePerSecond: 7, burst: undefined };
  expect(stageOf({ throttle }).DefaultRouteSettings).toEqual({
    ThrottlingBurstLimit: 500,
    ThrottlingRateLimit: 7,
  });
});

test('each request is logged as JSON for a month, without headers, query strings and bodies', () => {
  const { AccessLogSettings } = stageOf();
  const format = JSON.parse(AccessLogSettings.Format) as Record<string, string>;
  expect(Object.keys(format)).toEqual(
    expect.arrayContaining(['requestId', 'sourceIp', 'route', 'status', 'integrationError', 'latencyMs']),
  );
  expect(Object.values(format).filter((value) => /header|query|body|authorizer|cookie/i.test(value))).toEqual(
    [],
  );
  const [logGroupId] = AccessLogSettings.DestinationArn['Fn::GetAtt'];
  expect(templateOf().findResources('AWS::Logs::LogGroup')[logGroupId]?.Properties.RetentionInDays).toBe(30);
  expect(stageOf({ accessLogs: false }).AccessLogSettings).toBeUndefined();
});

test('the log that a removed API has left blocks none that comes later, in this stack neither', () => {
  const template = templateOf();
  const named = Object.values(template.findResources('AWS::Logs::LogGroup')).filter(
    ({ Properties }) => Properties.LogGroupName !== undefined,
  );
  const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
  expect(named.map(({ Properties }) => Properties.LogGroupName)).toEqual([
    { 'Fn::Join': ['', ['/aws/vendedlogs/cdn-pro-purger/', { Ref: api }]] },
  ]);
});

test('with a domain, the URL has it, and the address that AWS gives is off', () => {
  const template = templateOf({ webhookApi: { domainName, certificateArn } });
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true });
  template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
    DomainName: domainName,
    DomainNameConfigurations: [
      Match.objectLike({
        CertificateArn: certificateArn,
        EndpointType: 'REGIONAL',
        SecurityPolicy: 'TLS_1_2',
      }),
    ],
  });
  template.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 1);
  expect(template.findOutputs('WebhookUrl').WebhookUrl?.Value).toEqual({
    'Fn::Join': ['', ['https://', { Ref: expect.stringMatching('Domain') }, '/webhooks/']],
  });
  expect(Object.keys(template.findOutputs('WebhookDomainTarget'))).toHaveLength(1);
});

test('with a hosted zone, its record is made', () => {
  const template = templateOf({ webhookApi: { domainName, certificateArn, hostedZoneId: 'Z0123' } });
  template.hasResourceProperties('AWS::Route53::RecordSet', {
    Name: 'hooks.example.com.',
    Type: 'A',
    HostedZoneId: 'Z0123',
    AliasTarget: Match.anyValue(),
  });
  expect(template.findOutputs('WebhookDomainTarget')).toEqual({});
});

test('without a domain, the address that AWS gives is on, and nothing is made for a domain', () => {
  const template = templateOf();
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: false });
  template.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
});

test.each([
  [{ domainName }, '`webhookApi.domainName`: expected `certificateArn` with it, got nothing'],
  [{ certificateArn }, '`webhookApi.certificateArn`: expected `domainName` with it, got nothing'],
  [{ hostedZoneId: 'Z1' }, '`webhookApi.hostedZoneId`: expected `domainName` with it, got nothing'],
  [
    { domainName: 'https://x.example', certificateArn },
    '`webhookApi.domainName`: expected a domain name, got',
  ],
  [{ throttle: { burst: 0 } }, '`webhookApi.throttle.burst`: expected a whole number from 1 to 5000, got 0'],
  [{ accessLogs: 'yes' }, '`webhookApi.accessLogs`: expected true or false, got "yes"'],
])('an API that cannot be is refused: %j', (webhookApi, issue) => {
  expect(() => checkConfig({ ...sampleConfig, webhookApi })).toThrow(issue);
});
