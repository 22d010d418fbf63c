import { Aws, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PermissionsBoundary, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { CdnPurger, type CdnPurgerProps } from '../../infra/cdn-purger.ts';
import { ConfigError } from '../../infra/settings/checks/check.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { Webhook } from '../../infra/webhook.ts';
import { everything } from '../helpers/deployments.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

/** A stack with a purger that has one of everything. */
function purgerWith(props: Partial<CdnPurgerProps> = {}) {
  const stack = new Stack(unbundledApp(), 'Site');
  const secretOf = (name: string) => Secret.fromSecretNameV2(stack, name, name);
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: secretOf('credentials'),
    target: 'staging',
    rules: sampleConfig.rules,
    dashboard: true,
    ...props,
  });
  purger.watchBucket(Bucket.fromBucketName(stack, 'Bucket', 'www-example-com'));
  purger.receiveWebhook(Webhook.contentful({ secret: secretOf('contentful') }));
  return { stack, purger };
}

describe('what the construct offers', () => {
  const { stack, purger } = purgerWith();
  const template = Template.fromStack(stack);

  test('are its functions, API, alarms, dashboard, queues and tables', () => {
    for (const fn of Object.values(purger.functions)) {
      template.hasResource('AWS::Lambda::Function', Match.anyValue());
      expect(stack.resolve(fn?.functionArn)).toEqual({ 'Fn::GetAtt': [expect.any(String), 'Arn'] });
    }
    expect(purger.alarms).toHaveLength(Object.keys(template.findResources('AWS::CloudWatch::Alarm')).length);
    expect(purger.dashboard?.dashboardName).toBeDefined();
    expect(purger.webhookApi?.apiId).toBeDefined();
    expect([
      purger.bufferQueue,
      purger.deadLetterQueue,
      purger.ledger.table,
      purger.parked.table,
    ]).not.toContain(undefined);
  });

  test('are metrics with the dimensions by which the functions publish them', () => {
    const { dimensions, statistic, period } = purger.metricFreshnessSeconds();
    expect(dimensions).toEqual({ service: 'submit', purger: 'Site-Purger' });
    expect([statistic, period.toMinutes()]).toEqual(['Maximum', 5]);
    expect(purger.metricOldestParkedSeconds('people').dimensions).toMatchObject({
      service: 'tick',
      lane: 'people',
    });
    expect(purger.metricWebhooksUnverified('blog', { label: 'x' }).dimensions).toMatchObject({
      webhook: 'blog',
    });
    const both = purger.metricRefusedUrls({ label: 'refused' });
    expect([both.label, Object.keys(both.usingMetrics)]).toEqual([
      'refused',
      [expect.stringMatching(/^s3RefusedUrls_/), expect.stringMatching(/^webhookRefusedUrls_/)],
    ]);
    // What else is in a user's graph is not added up.
    const [s3, webhook] = Object.keys(both.usingMetrics);
    expect(both.expression).toBe(`SUM([FILL(${s3}, 0), FILL(${webhook}, 0)])`);
    expect(
      both.createAlarm(new Stack(), 'Alarm', { threshold: 1, evaluationPeriods: 1 }).alarmArn,
    ).toBeDefined();
  });

  test('are metrics for all that its alarms watch in its namespace', () => {
    const methods = new Set(
      Object.getOwnPropertyNames(Object.getPrototypeOf(Object.getPrototypeOf(CdnPurger.prototype))),
    );
    const watched = JSON.stringify(template.findResources('AWS::CloudWatch::Alarm')).matchAll(
      /"MetricName":"(\w+)","Namespace":"CdnProPurger"/g,
    );
    const names = [...watched].map(([, name]) => `metric${name}`);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !methods.has(name))).toEqual([]);
  });

  test('is a grant to have something purged, and nothing else', () => {
    const { stack, purger } = purgerWith();
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    purger.grantPurge(role);
    const [policy] = Object.values(
      Template.fromStack(stack).findResources('AWS::IAM::Policy', {
        Properties: { Roles: [{ Ref: Match.stringLikeRegexp('^Role') }] },
      }),
    );
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching('Queue'), 'Arn'] },
      },
    ]);
  });

  test('is known of a purger of another stack by its queue and name', () => {
    const other = new Stack(unbundledApp(), 'Other');
    const known = CdnPurger.fromCdnPurgerAttributes(other, 'Purger', {
      bufferQueueArn: 'arn:aws:sqs:eu-west-1:111122223333:buffer',
      encryptionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/0a1b',
      purgerName: 'Site-Purger',
    });
    const role = new Role(other, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    known.grantPurge(role);
    const policies = JSON.stringify(Template.fromStack(other).findResources('AWS::IAM::Policy'));
    expect(policies).toContain('arn:aws:sqs:eu-west-1:111122223333:buffer');
    expect(policies).toContain('kms:GenerateDataKey');
    expect(known.metricEntriesPurged().dimensions).toEqual({ service: 'submit', purger: 'Site-Purger' });
  });
});

describe('options of functions', () => {
  test('are memory, log level and tracing of all, and a VPC of those that send requests to CDN Pro', () => {
    const vpcStack = new Stack(unbundledApp(), 'Site');
    const vpc = new Vpc(vpcStack, 'Vpc', { maxAzs: 2 }) as IVpc;
    const purger = new CdnPurger(vpcStack, 'Purger', {
      credentials: Secret.fromSecretNameV2(vpcStack, 'C', 'c'),
      target: 'staging',
      rules: sampleConfig.rules.slice(0, 1),
      functionOptions: { memorySize: 1024, logLevel: 'DEBUG', tracing: true, vpc },
    });
    purger.watchBucket(Bucket.fromBucketName(vpcStack, 'Bucket', 'www-example-com'), {
      configureBucket: false,
    });
    const functions = Object.entries(Template.fromStack(vpcStack).findResources('AWS::Lambda::Function'));
    const ours = functions.filter(([, { Properties }]) =>
      /^cdn-pro-purger: /.test(Properties.Description ?? ''),
    );
    expect(ours.length).toBeGreaterThanOrEqual(3);
    for (const [id, { Properties }] of ours) {
      expect(Properties).toMatchObject({ MemorySize: 1024, TracingConfig: { Mode: 'Active' } });
      expect(Properties.Environment.Variables.POWERTOOLS_LOG_LEVEL).toBe('DEBUG');
      expect(Properties.VpcConfig !== undefined).toBe(/Submit|Tick/.test(id));
    }
  });

  test('let Lambda place functions in a VPC before it creates them, whatever the flags of the app are', () => {
    const app = unbundledApp();
    app.node.setContext('@aws-cdk/aws-lambda:createNewPoliciesWithAddToRolePolicy', true);
    const vpcStack = new Stack(app, 'Site');
    const purger = new CdnPurger(vpcStack, 'Purger', {
      credentials: Secret.fromSecretNameV2(vpcStack, 'C', 'c'),
      target: 'staging',
      rules: sampleConfig.rules.slice(0, 1),
      functionOptions: { vpc: new Vpc(vpcStack, 'Vpc', { maxAzs: 2 }) as IVpc },
    });
    purger.watchBucket(Bucket.fromBucketName(vpcStack, 'Bucket', 'www-example-com'));
    const template = Template.fromStack(vpcStack);
    const placed = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.VpcConfig !== undefined,
    );
    expect(placed).toHaveLength(2);
    const policies = template.findResources('AWS::IAM::Policy');
    for (const { DependsOn } of placed) {
      const before = (DependsOn as readonly string[]).map((id) => JSON.stringify(policies[id] ?? ''));
      expect(before.join()).toContain('ec2:CreateNetworkInterface');
    }
  });

  test.each([
    [SubnetType.PUBLIC, undefined, '`functionOptions.vpc`: expected a VPC with private subnets'],
    [SubnetType.PRIVATE_ISOLATED, undefined, '`functionOptions.vpc`: expected a VPC with private subnets'],
    [
      SubnetType.PUBLIC,
      { subnetType: SubnetType.PUBLIC },
      '`functionOptions.vpcSubnets`: expected private subnets, got a public one',
    ],
  ])('refuse subnets without a way out: %s, %j', (subnetType, vpcSubnets, issue) => {
    const network = new Stack(unbundledApp(), 'Network');
    const subnetConfiguration = [{ name: 'Only', subnetType }];
    const vpc = new Vpc(network, 'Vpc', { natGateways: 0, subnetConfiguration }) as IVpc;
    const functionOptions = { vpc, ...(vpcSubnets && { vpcSubnets }) };
    expect(() => purgerWith({ functionOptions })).toThrow(issue);
  });

  test.each([
    ['vpcSubnets', { vpcSubnets: { subnets: [] } }, 'expected a subnet at least, got none'],
    ['securityGroups', { securityGroups: [] }, 'expected a security group at least'],
  ])('refuse empty lists, with which Lambda takes no VPC: %s', (name, empty, issue) => {
    const vpc = new Vpc(new Stack(unbundledApp(), 'Network'), 'Vpc', { maxAzs: 2 }) as IVpc;
    const functionOptions = { vpc, ...empty };
    expect(() => purgerWith({ functionOptions })).toThrow(`\`functionOptions.${name}\`: ${issue}`);
  });

  test('may name isolated subnets, whose VPC has a way out by other means', () => {
    const network = new Stack(unbundledApp(), 'Network');
    const subnetConfiguration = [{ name: 'Only', subnetType: SubnetType.PRIVATE_ISOLATED }];
    const vpc = new Vpc(network, 'Vpc', { natGateways: 0, subnetConfiguration }) as IVpc;
    const functionOptions = { vpc, vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } };
    expect(() => purgerWith({ functionOptions })).not.toThrow();
  });

  test('are not needed for a permissions boundary, which the CDK has for every role of the purger', () => {
    const app = unbundledApp();
    const site = new PurgerStack(app, 'Bounded', { config: { ...sampleConfig, ...everything } });
    const arn = 'arn:aws:iam::111122223333:policy/boundary';
    PermissionsBoundary.of(site).apply(ManagedPolicy.fromManagedPolicyArn(site, 'Boundary', arn));
    const roles = Object.values(Template.fromStack(site).findResources('AWS::IAM::Role'));
    expect(roles.length).toBeGreaterThanOrEqual(6);
    for (const { Properties } of roles) expect(Properties.PermissionsBoundary).toBe(arn);
  });

  test.each([
    [{ memorySize: 64 }, '`functionOptions.memorySize`: expected a whole number from 256 to 10240, got 64'],
    [
      { logLevel: 'TRACE' },
      '`functionOptions.logLevel`: expected "DEBUG", "INFO", "WARN", "ERROR", got "TRACE"',
    ],
    [
      { vpcSubnets: {} },
      '`functionOptions.vpc`: expected a VPC with its subnets or security groups, got nothing',
    ],
  ])('that cannot be are refused: %j', (functionOptions, issue) => {
    expect(() => purgerWith({ functionOptions } as unknown as Partial<CdnPurgerProps>)).toThrow(issue);
  });
});

test('every fault of the props is named at once', () => {
  const wrong = {
    target: 'prod',
    rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://x.example/{+q}'] } }],
    alarms: { off: ['freshnes'] },
    logRetentionDays: 31,
    endpoint: 'https://api.example/path',
    webhookApi: { throttle: { burst: 0 } },
  };
  const error = (() => {
    try {
      return purgerWith(wrong as unknown as Partial<CdnPurgerProps>);
    } catch (error) {
      return error;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  const { issues } = error as ConfigError;
  for (const field of ['target', 'rules', 'alarms', 'logRetentionDays', 'endpoint', 'webhookApi']) {
    expect(issues.filter((issue) => issue.startsWith(`\`${field}`))).not.toEqual([]);
  }
});

describe('synthesis warns', () => {
  const warningsOf = (
    props: Partial<CdnPurgerProps>,
    add: (stack: Stack, purger: CdnPurger) => void = () => {},
  ) => {
    const { stack, purger } = purgerWith(props);
    add(stack, purger);
    return Annotations.fromStack(stack)
      .findWarning('*', Match.anyValue())
      .map(({ entry }) => String(entry.data).split('[ack: ')[0]);
  };
  const told = { email: 'on-call@example.com', runbookUrl: 'https://wiki.example.com/runbook' };

  test('of nothing where alarms tell somebody, with a runbook, and rules are for all that is received', () => {
    expect(warningsOf({ alarms: told })).toEqual([]);
    expect(warningsOf({ alarms: { enabled: false } })).toEqual([]);
  });

  test('of alarms that notify nobody, and of a runbook that a mail cannot open', () => {
    expect(warningsOf({})).toEqual([expect.stringContaining('Alarms notify nobody')]);
    const { runbookUrl: _, ...withoutRunbook } = told;
    expect(warningsOf({ alarms: withoutRunbook })).toEqual([expect.stringContaining('`alarms.runbookUrl`')]);
  });

  test('of a webhook and a bucket that no rule is for', () => {
    const rules = sampleConfig.rules.map((rule) =>
      rule.match.source === 's3' ? { ...rule, match: { ...rule.match, bucket: 'www-{x}' } } : rule,
    );
    const found = warningsOf({ alarms: told, rules }, (stack, purger) => {
      purger.watchBucket(Bucket.fromBucketName(stack, 'Media', 'media'));
      purger.receiveWebhook(Webhook.github({ secret: Secret.fromSecretNameV2(stack, 'x', 'x') }));
    });
    expect(found).toEqual([
      expect.stringContaining('No rule is for the bucket media'),
      expect.stringContaining('No rule is for the webhook "github"'),
    ]);
  });
});

describe('a value that only the deployment knows', () => {
  const notKnown = 'expected a value that is known at synth, got one that only the deployment knows';
  const rule = {
    name: 'pages',
    match: { source: 's3', bucket: 'www', key: 'site/{+path}', prefix: ['site/'] },
    except: [{ prefix: 'site/private/' }],
    purge: {
      hosts: ['www.example.com'],
      fileUrls: ['/{+path}'],
      fileHeaders: { 'accept-language': ['en'] },
      queries: ['v=1'],
    },
    pages: { index: 'index.html', cleanUrls: '.html', parents: 2 },
    delaySeconds: 5,
    webhook: 'a1b2',
  };

  /** The paths of all strings and numbers of a value. */
  function leavesOf(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
    if (typeof value !== 'object' || value === null) return [[...path]];
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    return entries.flatMap(([key, each]) => leavesOf(each, [...path, key]));
  }

  function withLeaf(value: unknown, [key, ...rest]: readonly (string | number)[], leaf: unknown): unknown {
    if (key === undefined) return leaf;
    if (Array.isArray(value))
      return value.map((each, index) => (index === key ? withLeaf(each, rest, leaf) : each));
    const fields = value as Record<string, unknown>;
    return { ...fields, [key]: withLeaf(fields[key], rest, leaf) };
  }

  test.each(leavesOf(rule).map((path) => [path.join('.'), path] as const))(
    'is refused in a rule, as the rules are in the code of functions: %s',
    (_, path) => {
      const token = path.at(-1) === 'parents' ? Token.asNumber({ Ref: 'Value' }) : Aws.STACK_NAME;
      const rules = [withLeaf(rule, path, token)];
      expect(() => purgerWith({ rules } as unknown as Partial<CdnPurgerProps>)).toThrow(notKnown);
    },
  );

  test.each(['eventbridge', 'notification'] as const)(
    'is refused as the prefix or suffix of a bucket that is watched by %s',
    (via) => {
      for (const field of ['prefix', 'suffix']) {
        const { stack, purger } = purgerWith();
        const bucket = Bucket.fromBucketName(stack, 'Www', 'www') as IBucket;
        const watch = () => purger.watchBucket(bucket, { via, [field]: `${Aws.STACK_NAME}/` });
        expect(watch).toThrow(`\`${field}\`: ${notKnown}`);
      }
    },
  );
});

test('what AWS takes of the region of the stack alone is refused from another', () => {
  const env = { account: '111122223333', region: 'eu-west-1' };
  const stack = new Stack(unbundledApp(), 'Site', { env });
  const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${env.account}:${rest}`;
  const topic = Topic.fromTopicArn(stack, 'Topic', arn('sns', 'alarms'));
  const encryptionKey = Key.fromKeyArn(stack, 'Key', arn('kms', 'key/0a1b'));
  const props = {
    credentials: Secret.fromSecretNameV2(stack, 'C', 'c'),
    target: 'staging',
    rules: sampleConfig.rules,
    encryptionKey,
    alarms: { topic, criticalTopic: topic },
  } as const;
  let issues: readonly string[] = [];
  try {
    new CdnPurger(stack, 'Purger', props);
  } catch (error) {
    if (error instanceof ConfigError) issues = error.issues;
  }
  expect(issues).toEqual(
    ['encryptionKey', 'alarms.topic', 'alarms.criticalTopic'].map(
      (path) => `\`${path}\`: expected one of the stack's region eu-west-1, got one of us-east-1`,
    ),
  );
});
