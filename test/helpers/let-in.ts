const inbox = 'PurgerReceiveS3InboxQueue';
const deadLetters = 'PurgerSubmitBufferDeadLetterQueue';
const rule = [
  `events.amazonaws.com may sqs:SendMessage on ${inbox} where aws:SourceArn = arn:aws:events:REGION:ACCOUNT:rule/*`,
  `events.amazonaws.com may sqs:SendMessage on ${deadLetters} where aws:SourceArn = arn:aws:events:REGION:ACCOUNT:rule/*`,
];
const route = [
  'apigateway.amazonaws.com may lambda:InvokeFunction on PurgerReceiveWebhookFunction where aws:SourceArn = arn:aws:execute-api:REGION:ACCOUNT:PurgerReceiveWebhookApi/*/*/webhooks/*',
];
const notification = (bucket: string, account = 'ACCOUNT') =>
  `s3.amazonaws.com may sqs:SendMessage on ${inbox} where aws:SourceArn = ${bucket} and aws:SourceAccount = ${account}`;
const theirs = [
  'arn:aws:iam::444455556666:root may events:PutEvents on PurgerReceiveS3Bus',
  notification('arn:aws:s3:::theirs-by-notification', '444455556666'),
];
const topics = ['111122223333:site-changes', '444455556666:their-changes'].flatMap((topic) =>
  [inbox, deadLetters].map(
    (queue) =>
      `sns.amazonaws.com may sqs:SendMessage on ${queue} where aws:SourceArn = arn:aws:sns:eu-west-1:${topic}`,
  ),
);
const mail = [
  'arn:aws:iam::ACCOUNT:root may kms:* on PurgerMonitoringTopicKey',
  'cloudwatch.amazonaws.com may kms:Decrypt, kms:GenerateDataKey* on PurgerMonitoringTopicKey where aws:SourceAccount = ACCOUNT',
  'cloudwatch.amazonaws.com may sns:Publish on PurgerMonitoringTopic where aws:SourceAccount = ACCOUNT',
];
const everything = [
  ...[...rule, ...route, ...theirs, ...topics, ...mail],
  notification('Bucketmadeandnotifies'),
  notification('arn:aws:s3:::present-and-notifies'),
];
const both = [...rule, ...route];
const schedule =
  'events.amazonaws.com may lambda:InvokeFunction on PurgerTickFunction where aws:SourceArn = PurgerTickSchedule';

/** Those who are let in next to the schedule, which is in all of them, by the name of the deployment. */
const inDeployments: Readonly<Record<string, readonly string[]>> = {
  'the stage production': both,
  'the stage staging': both,
  'a bucket and a webhook': both,
  'a bucket alone': rule,
  'a webhook alone': route,
  'a bucket that the stack makes': rule,
  'a bucket that the stack makes, with versions': [notification('Bucketwww')],
  'a bucket that notifies': [notification('arn:aws:s3:::www')],
  "another account's buckets": [...rule, ...theirs],
  topics,
  queues: [],
  'a domain for webhooks': route,
  'webhooks without access logs': route,
  'alarms by mail': [...both, ...mail],
  'alarms to a pager alone': both,
  'no alarms': both,
  'submission paused': both,
  'nothing probed': both,
  'data that goes with the stack': both,
  'a key and a shared ledger': both,
  'a ledger that another account shares': [
    ...both,
    'arn:aws:iam::444455556666:root may dynamodb:GetItem, dynamodb:PutItem on PurgerLedgerTable where dynamodb:LeadingKeys = rate-window, rate-window-used',
  ],
  'everything at once': everything,
  'everything at once, with a key': [
    ...everything,
    `events.amazonaws.com may sqs:SendMessage on ${deadLetters} where aws:SourceArn = arn:aws:events:REGION:ACCOUNT:event-bus/*`,
  ],
};

/** @returns all who may invoke a function, send to a queue or a bus, publish to a topic, or use a table or key of a deployment */
export function letIn(deployment: string): readonly string[] {
  return [...(inDeployments[deployment] ?? []), schedule].toSorted();
}
