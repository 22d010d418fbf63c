import { readFileSync } from 'node:fs';
import { Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { runCommand } from '../../infra/cli/run-command.ts';
import { dashboardNameOf, purgerNameOf } from '../../infra/monitoring/names.ts';
import { type AlarmFields, alarmNames } from '../../infra/settings/alarm-settings.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { Webhook } from '../../infra/webhook.ts';
import { sectionsOf } from '../helpers/markdown.ts';
import { allOf, templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';
import { alarmsOf, watchedMetrics } from '../helpers/watched-metrics.ts';

const template = templateOf({ dashboard: true });
const alarms = alarmsOf(template);
const operations = readFileSync('docs/operations.md', 'utf8');
const metricsGuide = readFileSync('docs/metrics.md', 'utf8');
const nameOf = ({ AlarmDescription }: { AlarmDescription: string }) =>
  /#([a-z-]+)$/.exec(AlarmDescription)?.[1] ?? '';
const severityOf = ({ AlarmDescription }: { AlarmDescription: string }) =>
  /^\[([a-z]+)\] /.exec(AlarmDescription)?.[1];
const commandOf = ({ AlarmDescription }: { AlarmDescription: string }) =>
  / Run: cdn-purger ([a-z]+)/.exec(AlarmDescription)?.[1];

describe('the runbook', () => {
  const section = sectionsOf(operations, 2).find(({ heading }) => heading === 'Alarms');
  const runbook = sectionsOf(section?.text ?? '', 3);

  test('has a part for every alarm, and no other', () => {
    expect(runbook.map(({ heading }) => heading).toSorted()).toEqual(alarmNames.toSorted());
    expect(new Set([...alarms.values()].map(nameOf))).toEqual(new Set(alarmNames));
  });

  test.each(runbook)(
    '$heading says how urgent it is, and what to look at first, as its alarms do',
    ({ heading, text }) => {
      const own = [...alarms.values()].filter((alarm) => nameOf(alarm) === heading);
      const [, severity] = /^- \*\*(\w+)\*\*[,:;]/m.exec(text) ?? [];
      expect([...new Set(own.map(severityOf))]).toEqual([severity]);
      const [, command] = /^- \*\*Look at\*\* `(\w+)/m.exec(text) ?? [];
      expect([...new Set(own.map(commandOf))]).toEqual([command]);
      expect(text).toMatch(/^- \*\*Do\*\*: /m);
    },
  );

  test('names only headings that exist', () => {
    const headings = operations.match(/^#+ .*$/gm)?.map(slugOf) ?? [];
    const links = [...operations.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !headings.includes(link))).toEqual([]);
  });

  test('states how many metrics the alarms watch, which is what they cost by', () => {
    expect(metricsGuide.replace(/\s+/g, ' ')).toContain(`watch ${watchedMetrics(template).length} metrics`);
  });

  test('lists every metric of ours that is watched or shown', () => {
    const shown = JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard'));
    const names = [...shown.matchAll(/\\"CdnProPurger\\",\\"(\w+)\\"/g)].map(([, name]) => name ?? '');
    expect(new Set(names).size).toBeGreaterThan(12);
    expect(names.filter((name) => !metricsGuide.includes(`\`${name}\``))).toEqual([]);
  });
});

function slugOf(heading: string): string {
  return heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

/** Dimensions of AWS's own metrics, by namespace: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html */
const ofAws: Readonly<Record<string, { readonly dimension: string; readonly names: readonly string[] }>> = {
  'AWS/SQS': {
    dimension: 'QueueName',
    names: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible', 'NumberOfMessagesSent'],
  },
  'AWS/Lambda': { dimension: 'FunctionName', names: ['AsyncEventsDropped', 'Errors', 'Throttles'] },
  'AWS/Events': { dimension: 'RuleName', names: ['InvocationsFailedToBeSentToDlq'] },
  'AWS/ApiGateway': { dimension: 'ApiId', names: ['5xx'] },
};

test("every metric of AWS's that an alarm watches is one that AWS publishes, of a resource of the stack", () => {
  const theirs = watchedMetrics(template).filter(({ namespace }) => namespace !== 'CdnProPurger');
  expect(theirs.length).toBeGreaterThan(9);
  for (const { namespace, name, dimensions, unit } of theirs) {
    expect(ofAws[namespace]?.names).toContain(name);
    expect(Object.keys(dimensions)).toEqual([ofAws[namespace]?.dimension]);
    expect(JSON.stringify(dimensions)).toMatch(/"(Ref|Fn::GetAtt)"/);
    expect(unit).toBeUndefined();
  }
});

test('the dead letter alarm watches the dead letter queue, and the age that of the buffer', () => {
  const queueOf = (alarm: string, name: string) =>
    JSON.stringify(
      watchedMetrics(template).find((one) => one.alarm === alarm && one.name === name)?.dimensions,
    );
  expect(queueOf('Stack-Purger-dead-letters', 'ApproximateNumberOfMessagesVisible')).toContain(
    'DeadLetterQueue',
  );
  expect(queueOf('Stack-Purger-freshness', 'ApproximateAgeOfOldestMessage')).toContain('BufferQueue');
});

describe('queues before receive-s3', () => {
  const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:their-events';
  const withQueues = templateOf({
    dashboard: true,
    buckets: [{ name: 'www-example-com', via: 'notification' }],
    queues: [{ arn: queueArn }],
  });

  test('have an alarm each that goes by the age of their oldest message alone', () => {
    const found = watchedMetrics(withQueues).filter(({ alarm }) =>
      alarm.startsWith('Stack-Purger-freshness-'),
    );
    expect(found).toMatchObject([
      { alarm: 'Stack-Purger-freshness-inbox', name: 'ApproximateAgeOfOldestMessage' },
      { alarm: 'Stack-Purger-freshness-their-events', dimensions: { QueueName: 'their-events' } },
    ]);
    expect(JSON.stringify(found[0]?.dimensions)).toContain('Inbox');
    for (const { alarm } of found) {
      const properties = alarmsOf(withQueues).get(alarm);
      expect(properties).toMatchObject({ Threshold: 60, DatapointsToAlarm: 2, EvaluationPeriods: 3 });
      expect(properties?.AlarmDescription).toMatch(/^\[critical\] .*#freshness$/);
    }
  });

  test('are watched while submission is paused, too: that holds nothing up there', () => {
    const paused = templateOf({ paused: true, buckets: [{ name: 'www-example-com', via: 'notification' }] });
    expect(alarmsOf(paused).get('Stack-Purger-freshness-inbox')).toMatchObject({ Threshold: 60 });
  });

  test('are on the dashboard, which has no row for them where there are none', () => {
    const textOf = (one: Template) => JSON.stringify(one.findResources('AWS::CloudWatch::Dashboard'));
    expect(textOf(withQueues)).toContain('oldest in inbox (s)');
    expect(textOf(withQueues)).toContain('oldest in their-events (s)');
    const webhookAlone = { dashboard: true, buckets: [], rules: sampleConfig.rules.slice(1) };
    expect(textOf(templateOf(webhookAlone))).not.toContain('before receive-s3');
  });
});

describe('webhooks that the throttle turns away', () => {
  test('are counted in the access log, under the name, unit and dimensions that the alarm watches', () => {
    const [filter] = Object.values(template.findResources('AWS::Logs::MetricFilter'));
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSettings.Format) as Record<string, string>;
    expect(format.status).toBe('$context.status');
    expect(filter?.Properties.FilterPattern).toBe('{ $.status = "429" }');
    expect(JSON.stringify(stage?.Properties.AccessLogSettings.DestinationArn)).toContain(
      filter?.Properties.LogGroupName.Ref,
    );
    const [transformation] = (filter?.Properties.MetricTransformations ?? []) as Record<string, unknown>[];
    const { MetricName, MetricNamespace, MetricValue, Unit, Dimensions } = transformation ?? {};
    expect(MetricValue).toBe('1');
    const dimensions = (Dimensions as { Key: string; Value: string }[]).map(({ Key, Value }) => {
      return [Key, format[Value.replace('$.', '')]];
    });
    const watched = watchedMetrics(template).filter(({ alarm }) => alarm.endsWith('webhooks-throttled'));
    expect(watched).toEqual([
      {
        alarm: 'Stack-Purger-webhooks-throttled',
        namespace: MetricNamespace,
        name: MetricName,
        unit: Unit,
        dimensions: Object.fromEntries(dimensions),
      },
    ]);
  });

  test('have no alarm where there is no access log', () => {
    const silent = templateOf({ webhookApi: { accessLogs: false } });
    expect([...alarmsOf(silent).keys()].filter((name) => name.includes('throttled'))).toEqual([
      'Stack-Purger-throttled',
    ]);
    silent.resourceCountIs('AWS::Logs::MetricFilter', 0);
  });
});

test('each has a name with the stack in it, and fits into what CloudWatch takes', () => {
  for (const { AlarmName, AlarmDescription, TreatMissingData, Metrics = [] } of alarms.values()) {
    expect(AlarmName).toMatch(/^Stack-Purger-/);
    expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
    // Nothing is published while nothing happens.
    expect(TreatMissingData).toBe('notBreaching');
    expect(Metrics.length).toBeLessThanOrEqual(10);
  }
});

test('each names the command that says more, which exists', async () => {
  for (const { AlarmDescription } of alarms.values()) {
    const [, command = '', stack] =
      / Run: cdn-purger ([a-z]+)( --stack Stack)?\. Runbook: /.exec(AlarmDescription) ?? [];
    expect(await runCommand([command, '--help'])).toMatchObject({ exitCode: 0 });
    expect(stack === undefined).toBe(command === 'explain');
  }
});

test('freshness goes by a minute, the batching window and what rules delay on purpose', () => {
  const [rule, other] = sampleConfig.rules;
  if (rule === undefined || other === undefined) throw new Error('expected two rules');
  const rules = [rule, { ...other, delaySeconds: 30, repeatAfterSeconds: 120 }];
  const late = templateOf({ rules, batchingWindowSeconds: 10 });
  expect(alarmsOf(late).get('Stack-Purger-freshness')).toMatchObject({ Threshold: 220 });
});

test('while submission is paused, only what has waited for half of its time in SQS is alarming', () => {
  const paused = templateOf({ paused: true });
  paused.hasResourceProperties('AWS::Lambda::EventSourceMapping', { Enabled: false });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { Enabled: true });
  const queues = Object.values(paused.findResources('AWS::SQS::Queue'));
  expect(alarmsOf(paused).get('Stack-Purger-freshness')).toMatchObject({
    Threshold: queues[0]?.Properties.MessageRetentionPeriod / 2,
    MetricName: 'ApproximateAgeOfOldestMessage',
  });
});

test('alarms can be left out, one by one or all', () => {
  const fewer = alarmsOf(templateOf({ alarms: { off: ['budget-used', 'changes-unmatched'] } }));
  const without = [...alarms.keys()].filter((name) => !/budget-used|changes-unmatched/.test(name));
  expect([...fewer.keys()]).toEqual(without);
  const none = templateOf({ alarms: { enabled: false, email: 'on-call@example.com' } });
  none.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  none.resourceCountIs('AWS::SNS::Topic', 0);
});

test('there is a dashboard where it is asked for, with every alarm', () => {
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  templateOf().resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  const text = JSON.stringify(Object.values(template.findResources('AWS::CloudWatch::Dashboard'))[0]);
  for (const logicalId of Object.keys(template.findResources('AWS::CloudWatch::Alarm'))) {
    expect(text).toContain(logicalId);
  }
});

test('the dashboard of a stack of the same name in another region has another name', () => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  expect(dashboard?.Properties.DashboardName).toEqual({
    'Fn::Join': ['', ['Stack-Purger-', { Ref: 'AWS::Region' }]],
  });
});

test('without alarms the dashboard says so: CloudWatch refuses a widget of none', () => {
  const bodyOf = (alarms: AlarmFields) =>
    JSON.stringify(templateOf({ dashboard: true, alarms }).findResources('AWS::CloudWatch::Dashboard'));
  for (const alarms of [{ enabled: false }, { off: [...alarmNames] }]) {
    expect(bodyOf(alarms)).toContain('Alarms are switched off');
    expect(bodyOf(alarms)).not.toMatch(/"(alarms|metrics)\\":\[\]/);
  }
  // Those of a receiver alone come after the dashboard.
  const ofReceivers = alarmNames.filter((name) => !/receiver|urls|webhook|changes|events/.test(name));
  expect(bodyOf({ off: ofReceivers })).toMatch(/receivererrors/);
});

test.each(['www.example.com', 'my purger', 'Müller', 'Möller', 'a.b', 'a-b', 'x'.repeat(250)])(
  'a construct called %j has names that CloudWatch takes',
  (id) => {
    const { stack } = purgerNamed(id);
    const found = Template.fromStack(stack);
    const [dashboard] = allOf(found, 'AWS::CloudWatch::Dashboard');
    expect(dashboard?.DashboardName).toMatch(/^[\w-]{1,255}$/);
    for (const { AlarmName } of allOf(found, 'AWS::CloudWatch::Alarm')) {
      expect(AlarmName).toMatch(/^[\x20-\x7e]{1,255}$/);
    }
  },
);

test('constructs whose names differ only in what CloudWatch refuses keep different names', () => {
  const names = ['Müller', 'Möller', 'a.b', 'a-b', 'a b', 'x'.repeat(250), 'x'.repeat(251)].map((id) => {
    const { name } = purgerNamed(id);
    return [name, dashboardNameOf(name, 'eu-west-1')];
  });
  for (const each of [0, 1]) expect(new Set(names.map((both) => both[each])).size).toBe(names.length);
});

test('two purgers that would have the same alarms are refused', () => {
  const app = unbundledApp();
  purgerNamed('Purger', new Stack(app, 'shop-blog'));
  const shop = new Stack(app, 'shop');
  expect(() => app.synth()).not.toThrow();
  purgerNamed('blog-Purger', shop);
  expect(() => app.synth({ force: true })).toThrow(
    /expected a purger of another name than shop\/blog-Purger, got shop-blog-Purger for both/,
  );
});

test('purgers of stages whose stacks have one name may be called the same, as only the deployment knows where they are', () => {
  const app = unbundledApp();
  for (const stage of ['Beta', 'Live'])
    purgerNamed('Purger', new Stack(new Stage(app, stage), 'Site', { stackName: 'Site' }));
  expect(() => app.synth()).not.toThrow();
});

test('purgers in two regions may be called the same', () => {
  const app = unbundledApp();
  for (const region of ['eu-west-1', 'eu-west-2']) {
    purgerNamed(
      'Purger',
      new Stack(app, region, { stackName: 'Site', env: { account: '111122223333', region } }),
    );
  }
  expect(() => app.synth()).not.toThrow();
});

/** A purger of this ID, with a dashboard. */
function purgerNamed(
  id: string,
  stack = new Stack(unbundledApp(), 'Site', { env: { account: '111122223333', region: 'eu-west-1' } }),
) {
  const purger = new CdnPurger(stack, id, {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    dashboard: true,
    rules: sampleConfig.rules.slice(0, 1),
  });
  purger.watchBucket(Bucket.fromBucketName(stack, 'Www', 'www'));
  return { stack, name: purgerNameOf(purger) };
}

test('two webhooks have an alarm each', () => {
  const [first] = sampleConfig.webhooks ?? [];
  if (first === undefined) throw new Error('expected a webhook');
  const both = alarmsOf(templateOf({ webhooks: [first, { ...first, name: 'space-2' }] }));
  expect([...both.keys()].filter((name) => name.includes('unverified'))).toEqual([
    'Stack-Purger-webhook-unverified-contentful',
    'Stack-Purger-webhook-unverified-space-2',
  ]);
});

describe('whom alarms notify', () => {
  const topicArn = 'arn:aws:sns:eu-central-1:123456789012:alarms';
  const criticalTopicArn = 'arn:aws:sns:eu-central-1:123456789012:pager';
  const actionsOf = (settings: PurgerConfig['alarms']) => {
    const found = alarmsOf(templateOf(settings === undefined ? {} : { alarms: settings }));
    return [...found.values()].map((alarm) => ({
      severity: severityOf(alarm),
      actions: alarm.AlarmActions ?? [],
    }));
  };

  test('nobody, unless it is said', () => {
    expect(actionsOf(undefined).flatMap(({ actions }) => actions)).toEqual([]);
  });

  test('one topic of all, another one of critical ones, too; and both when it is over', () => {
    for (const { severity, actions } of actionsOf({ topicArn, criticalTopicArn })) {
      expect(actions).toEqual(severity === 'critical' ? [topicArn, criticalTopicArn] : [topicArn]);
    }
    for (const { AlarmActions, OKActions } of alarmsOf(templateOf({ alarms: { topicArn } })).values()) {
      expect(OKActions).toEqual(AlarmActions);
    }
  });

  test('e-mail addresses, by an encrypted topic that takes what CloudWatch sends, and that over TLS only', () => {
    const mailed = templateOf({ alarms: { email: ['a@example.com', 'b@example.com'] } });
    mailed.resourceCountIs('AWS::SNS::Subscription', 2);
    mailed.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'a@example.com' });
    mailed.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    const cloudWatch = { Service: 'cloudwatch.amazonaws.com' };
    mailed.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({ Effect: 'Allow', Action: 'sns:Publish', Principal: cloudWatch }),
        ]),
      },
    });
    mailed.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Principal: cloudWatch }),
        ]),
      },
    });
  });

  test('addresses join a topic that is given', () => {
    const mailed = templateOf({ alarms: { email: 'a@example.com', topicArn } });
    mailed.resourceCountIs('AWS::SNS::Topic', 0);
    mailed.hasResourceProperties('AWS::SNS::Subscription', { TopicArn: topicArn });
  });

  test('a topic that is named twice, once', () => {
    const notified = templateOf({ alarms: { topicArn, criticalTopicArn: topicArn } });
    for (const { AlarmActions, OKActions } of alarmsOf(notified).values()) {
      expect([AlarmActions, OKActions]).toEqual([[topicArn], [topicArn]]);
    }
  });

  test('whatever the user of the construct thinks of', () => {
    const stack = new Stack(unbundledApp(), 'Mine');
    const action: IAlarmAction = { bind: () => ({ alarmActionArn: 'arn:aws:ssm:x:1:opsitem:1' }) };
    const purger = new CdnPurger(stack, 'Purger', {
      credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
      target: 'production',
      rules: sampleConfig.rules.slice(1),
      alarms: { criticalActions: [action], runbookUrl: 'https://wiki.example.com/purger' },
    });
    purger.receiveWebhook(Webhook.contentful({ secret: Secret.fromSecretNameV2(stack, 'Contentful', 'x') }));
    for (const alarm of alarmsOf(Template.fromStack(stack)).values()) {
      expect(alarm.AlarmActions ?? []).toHaveLength(severityOf(alarm) === 'critical' ? 1 : 0);
      expect(alarm.AlarmDescription).toContain(`Runbook: https://wiki.example.com/purger#${nameOf(alarm)}`);
    }
  });
});

test('two purgers of an app may have the same topic and the same address, which is subscribed once', () => {
  const stack = new Stack(unbundledApp(), 'Site');
  const topic = new Topic(stack, 'OnCall');
  for (const id of ['One', 'Two']) {
    const purger = new CdnPurger(stack, id, {
      credentials: Secret.fromSecretNameV2(stack, `${id}CdnPro`, id),
      target: 'production',
      rules: sampleConfig.rules.slice(1),
      alarms: { topic, email: 'on-call@example.com' },
    });
    const secret = Secret.fromSecretNameV2(stack, `${id}Contentful`, 'x');
    purger.receiveWebhook(Webhook.contentful({ secret }));
  }
  Template.fromStack(stack).resourceCountIs('AWS::SNS::Subscription', 1);
});

test('a runbook has a URL that fits into the description of each alarm, whatever the names are', () => {
  const runbookUrl = 'https://wiki.example.com/'.padEnd(600, 'x');
  const webhooks = [{ source: 'contentful', name: 'w'.repeat(64), secret: 'contentful' } as const];
  const longest = { stackName: 'S'.repeat(128), webhooks };
  for (const alarm of alarmsOf(templateOf({ ...longest, alarms: { runbookUrl } })).values()) {
    expect(alarm.AlarmDescription.length).toBeLessThanOrEqual(1024);
  }
  expect(() => checkConfig({ ...sampleConfig, alarms: { runbookUrl: `${runbookUrl}x` } })).toThrow(
    '`alarms.runbookUrl`: expected a URL of at most 600 characters, got',
  );
});

test('an address that is named twice is refused', () => {
  const email = ['a@example.com', 'b@example.com', 'a@example.com'];
  expect(() => checkConfig({ ...sampleConfig, alarms: { email } })).toThrow(
    '`alarms.email[2]`: expected each address once, got "a@example.com" again',
  );
});

test('settings that are wrong are refused by name', () => {
  const wrong = {
    email: 'nobody',
    topicArn: 'alarms',
    runbookUrl: 'docs',
    off: ['budget'],
    mail: 'a@b.example',
  };
  expect(() => checkConfig({ ...sampleConfig, paused: 'yes', alarms: wrong })).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        new RegExp(
          [
            '`paused`: expected true or false, got "yes"',
            '`alarms.email`: expected an e-mail address.*, got "nobody"',
            '`alarms.runbookUrl`: expected a URL without "#", got "docs"',
            '`alarms.off\\[0\\]`: expected the name of an alarm, got "budget" \\(expected one of `freshness`, .*\\)',
            '`alarms.topicArn`: expected the ARN of an SNS topic, got "alarms"',
            '`alarms`: unknown field `mail`',
          ].join('[^]*'),
        ),
      ),
    }),
  );
});
