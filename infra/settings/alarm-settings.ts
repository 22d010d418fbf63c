import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import * as z from 'zod';
import { describeValue } from '../../functions/core/model/errors.ts';
import { check } from './checks/check.ts';
import { expected, nonEmptyString, strictObject } from './checks/schema.ts';
import { suggestion } from './checks/suggestion.ts';

/** Every alarm, by the name that its full name ends with, that its runbook section has, and that switches it off. */
export const alarmNames = [
  'freshness',
  'dead-letters',
  'submit-errors',
  'receiver-errors',
  'credentials-refused',
  'throttled',
  'budget-used',
  'entries-rejected',
  'refused-alike',
  'tick-errors',
  'people-waiting',
  'tokens-used',
  'bulk-waiting',
  'tokens-miscounted',
  'purges-failed',
  'purges-late',
  'urls-refused',
  'changes-unmatched',
  'events-not-understood',
  'webhook-unverified',
  'webhooks-throttled',
] as const;

/** See {@link alarmNames}. */
export type AlarmName = (typeof alarmNames)[number];

/** Options of alarms in a configuration file. */
export interface AlarmFields {
  /**
   * Whether there are any alarms.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Addresses that alarms are mailed to, once they have confirmed it. Without a topic given, one is created.
   * @default - none
   */
  readonly email?: string | readonly string[];
  /**
   * ARN of an SNS topic that CloudWatch may publish to; every alarm goes there.
   * @default - none
   */
  readonly topicArn?: string;
  /**
   * ARN of another topic, for a pager: critical alarms go there, too.
   * @default - none
   */
  readonly criticalTopicArn?: string;
  /**
   * Where `docs/operations.md` is, for links to its headings.
   * @default - its path in the repository
   */
  readonly runbookUrl?: string;
  /**
   * Alarms to leave out.
   * @default - none
   */
  readonly off?: readonly AlarmName[];
}

/** Options of alarms in a CDK app. */
export interface AlarmSettings extends Omit<AlarmFields, 'topicArn' | 'criticalTopicArn'> {
  /**
   * Every alarm goes there. A topic of the same app gets a policy that lets `cloudwatch.amazonaws.com` publish, and so
   * does its key; to one that is imported, its owner has to add the statements.
   * @default - none, or a new one where there is an `email`
   */
  readonly topic?: ITopic;
  /**
   * Critical alarms go there, too.
   * @default - none
   */
  readonly criticalTopic?: ITopic;
  /**
   * Further actions of every alarm.
   * @default - none
   */
  readonly actions?: readonly IAlarmAction[];
  /**
   * Further actions of critical alarms.
   * @default - none
   */
  readonly criticalActions?: readonly IAlarmAction[];
}

const address = z.email(expected('an e-mail address'));
const addresses = z
  .array(address, expected('an e-mail address or a list of them'))
  .min(1, expected('an e-mail address at least'))
  .superRefine((list, context) => {
    for (const [index, each] of list.entries()) {
      if (list.indexOf(each) === index) continue;
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `expected each address once, got "${each}" again`,
      });
    }
  });
const topicArn = nonEmptyString('the ARN of an SNS topic').regex(
  /^arn:[^:]+:sns:[^:]+:\d{12}:[A-Za-z0-9_-]+$/,
  expected('the ARN of an SNS topic'),
);
/** The description of an alarm takes 1,024 characters, of which the longest of ours adds up to 412 to the URL. */
const maxRunbookUrl = 600;
const common = {
  enabled: z.boolean(expected('true or false')).optional(),
  email: z.union([address, addresses], expected('an e-mail address or a list of them')).optional(),
  runbookUrl: nonEmptyString('a URL')
    .regex(/^https?:\/\/[^\s#]+$/, expected('a URL without "#"'))
    .max(maxRunbookUrl, expected(`a URL of at most ${maxRunbookUrl} characters`))
    .optional(),
  off: z
    .array(
      z.enum(alarmNames, {
        error: ({ input }) =>
          `expected the name of an alarm, got ${describeValue(input)}${suggestion(typeof input === 'string' ? input : '', alarmNames)}`,
      }),
      expected('a list of alarms'),
    )
    .optional(),
};

/** The schema of {@link AlarmFields}. */
export const alarmFields = strictObject({
  ...common,
  topicArn: topicArn.optional(),
  criticalTopicArn: topicArn.optional(),
});

/**
 * Checks the options of alarms.
 * @param isUnresolved CDK's own, which commands do not load: whether only the deployment knows a value
 * @throws ConfigError with every issue
 */
export function checkAlarms(
  { topic, criticalTopic, actions = [], criticalActions = [], ...settings }: AlarmSettings,
  isUnresolved: (value: unknown) => boolean,
) {
  const { email } = settings;
  const known = isUnresolved(email) ? { ...settings, email: undefined } : settings;
  const checked = check(
    strictObject({ alarms: strictObject(common) }),
    { alarms: known },
    'The configuration of CdnPurger',
  );
  const { enabled = true, off = [], runbookUrl = 'docs/operations.md' } = checked.alarms;
  const emails = [email ?? []].flat();
  return { enabled, off, runbookUrl, emails, topic, criticalTopic, actions, criticalActions };
}
