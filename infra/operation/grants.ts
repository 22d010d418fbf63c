import { ArnFormat, Lazy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  objectPrefix,
  openIndex,
  pausePartition,
  unfollowedPartition,
  waitingIndex,
  windowPartition,
} from '../../functions/aws/tables/ledger-keys.ts';
import type { Submit } from '../pipeline/submit.ts';
import type { Tick } from '../pipeline/tick.ts';
import { grantReadSecret } from '../security/secrets.ts';
import type { Journal } from '../storage/journal.ts';
import { grantItems, grantWindow } from '../storage/ledger.ts';
import type { ParkedUrls } from '../storage/parked-urls.ts';

/** The parts of a purger that the command line works with. */
export interface OperatedParts {
  readonly credentials: ISecret;
  /** The table with the limits. */
  readonly windowTable: ITable;
  /** The table with what was purged last of objects. */
  readonly objectsTable: ITable;
  readonly parked: ParkedUrls;
  readonly journal: Journal;
  readonly submit: Submit;
  readonly tick: Tick;
  /** The customer's key, where there is one. */
  readonly encryptionKey: IKey | undefined;
}

/** What is operated. */
export interface Operated extends OperatedParts {
  readonly scope: Construct;
  /** What the name of its parameter begins with. */
  readonly folder: string;
  /** The queue before `receive-s3`; undefined where there is none. */
  readonly inbox: () => IQueue | undefined;
  /** The queues of others that `receive-s3` empties. */
  readonly watchedQueues: () => readonly IQueue[];
  /** The functions' logs. */
  readonly logGroups: () => readonly ILogGroup[];
  /** The functions whose code and environment have the rules and webhooks. */
  readonly withRules: () => readonly IFunction[];
}

/** Lets a grantee run the commands that change nothing: `status`, `why`, `wait`, `tail`, `report`, `quota`, `waiting`, `dead` and `explain`. */
export function grantRead(operated: Operated, grantee: IGrantable): void {
  const { scope, folder, submit, tick, parked, journal, windowTable, encryptionKey } = operated;
  const { objectsTable, inbox, watchedQueues, logGroups, withRules } = operated;
  const { queue, deadLetterQueue } = submit.buffer;
  const stack = Stack.of(scope);
  const allow = allowOn(grantee);
  const parameters = stack.formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: folder.slice(1),
  });
  allow(['ssm:GetParametersByPath'], parameters, `${parameters}/*`);
  const allowLater = allowLaterOn(grantee, scope);
  allowLater('Queues', 'sqs:GetQueueAttributes', () =>
    [queue, deadLetterQueue, inbox(), ...watchedQueues()].flatMap((each) => each?.queueArn ?? []),
  );
  allow(['sqs:ChangeMessageVisibility', 'sqs:ReceiveMessage'], deadLetterQueue.queueArn);
  grantItems(windowTable, grantee, windowPartition, ['dynamodb:GetItem']);
  grantItems(objectsTable, grantee, objectPrefix, ['dynamodb:GetItem']);
  grantItems(parked.table, grantee, [pausePartition, unfollowedPartition], ['dynamodb:GetItem']);
  allow(['dynamodb:GetItem'], journal.table.tableArn);
  allow(
    ['dynamodb:Query'],
    `${parked.table.tableArn}/index/${waitingIndex}`,
    `${journal.table.tableArn}/index/${openIndex}`,
  );
  allow(['lambda:GetEventSourceMapping'], submit.eventSource.eventSourceMappingArn);
  allowLater('Functions', 'lambda:GetFunction', () => withRules().map(({ functionArn }) => functionArn));
  allow(['events:DescribeRule'], tick.schedule.ruleArn);
  allowLater('Logs', 'logs:FilterLogEvents', () => logGroups().map(({ logGroupArn }) => logGroupArn));
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  const alarms = stack.formatArn({ service: 'cloudwatch', resource: 'alarm', resourceName: '*', arnFormat });
  allow(['cloudwatch:DescribeAlarms'], alarms);
  for (const key of [encryptionKey, windowTable.encryptionKey]) key?.grant(grantee, 'kms:Decrypt');
}

/** Lets a grantee run the commands that change something, and `doctor`, which reads the secrets. */
export function grantChange(operated: Operated, grantee: IGrantable): void {
  const { submit, tick, parked, windowTable, credentials, encryptionKey } = operated;
  const { queue, deadLetterQueue } = submit.buffer;
  const allow = allowOn(grantee);
  allow(['sqs:SendMessage'], queue.queueArn);
  allow(['sqs:DeleteMessage'], deadLetterQueue.queueArn);
  allow(['dynamodb:DeleteItem'], parked.table.tableArn);
  grantItems(parked.table, grantee, pausePartition, ['dynamodb:PutItem']);
  allow(['lambda:UpdateEventSourceMapping'], submit.eventSource.eventSourceMappingArn);
  allow(['events:DisableRule', 'events:EnableRule'], tick.schedule.ruleArn);
  // A question to CDN Pro takes its slot like any request.
  grantWindow(windowTable, grantee);
  grantReadSecret(credentials, grantee);
  encryptionKey?.grant(grantee, 'kms:GenerateDataKey');
}

function allowOn(grantee: IGrantable): (actions: string[], ...resourceArns: string[]) => void {
  return (actions, ...resourceArns) => Grant.addToPrincipal({ grantee, actions, resourceArns });
}

/**
 * For resources that may be added until the app is synthesized. The statements have an ID, since CDK would merge them
 * with those of another purger for the same role, and cannot merge lists that it does not know yet.
 */
function allowLaterOn(
  { grantPrincipal }: IGrantable,
  { node }: Construct,
): (name: string, action: string, produce: () => string[]) => void {
  return (name, action, produce) => {
    const sid = `${name}${node.addr}`;
    const resources = Lazy.list({ produce });
    grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [action], resources }));
  };
}
