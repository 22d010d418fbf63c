import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { defaultConfigFile, loadConfig } from '../../infra/stack/load-config.ts';
import { createWorld, mappingOf, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld(await loadConfig(defaultConfigFile));
});
afterAll(() => world?.stop());

async function queueAt(queueUrl: string | undefined) {
  const { Attributes = {} } = await world.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return Attributes;
}

const functionSchema = z.object({
  FunctionName: z.string(),
  Description: z.string().default(''),
  Runtime: z.string(),
  Timeout: z.number(),
  Role: z.string(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).nullish(),
});

async function functionAt(logicalId: RegExp) {
  const name = world.stack.physicalIds.get(world.stack.find('AWS::Lambda::Function', logicalId));
  const path = `/2015-03-31/functions/${name}/configuration`;
  return functionSchema.parse(await world.stack.calls.rest('lambda', 'GET', path));
}

test('CloudFormation creates the template', () => {
  const { status, leftOut } = world.stack;
  for (const [type, ids] of leftOut)
    console.log(`left out, since moto lacks it: ${type} (${ids.join(', ')})`);
  expect(status).toBe('CREATE_COMPLETE');
  expect(world.stack.outputs).toMatchObject({
    BufferQueueUrl: expect.stringContaining('/Cdn'),
    DeadLetterQueueUrl: expect.stringContaining('DeadLetterQueue'),
    LedgerTableName: expect.stringContaining('Ledger'),
  });
});

describe('the queues', () => {
  test('a message in hand stays hidden longer than a batch takes to gather and to submit', async () => {
    const { Timeout } = await functionAt(/SubmitFunction/);
    const { MaximumBatchingWindowInSeconds } = await mappingOf(world.stack, /SubmitFunction/);
    const { VisibilityTimeout } = await queueAt(world.stack.outputs.BufferQueueUrl);
    expect(Number(VisibilityTimeout)).toBeGreaterThan(Timeout + MaximumBatchingWindowInSeconds);
  });

  test('what crashes ten consumers goes to the dead letter queue, and both keep messages for 14 days', async () => {
    const buffer = await queueAt(world.stack.outputs.BufferQueueUrl);
    const deadLetters = await queueAt(world.stack.outputs.DeadLetterQueueUrl);
    expect(JSON.parse(buffer.RedrivePolicy ?? '{}')).toEqual({
      deadLetterTargetArn: deadLetters.QueueArn,
      maxReceiveCount: 10,
    });
    expect(deadLetters.RedrivePolicy).toBeUndefined();
    const fourteenDays = String(14 * 24 * 60 * 60);
    expect([buffer.MessageRetentionPeriod, deadLetters.MessageRetentionPeriod]).toEqual([
      fourteenDays,
      fourteenDays,
    ]);
  });

  test('Lambda polls the buffer for submit, in large batches that can fail in part', async () => {
    const { QueueArn } = await queueAt(world.stack.outputs.BufferQueueUrl);
    expect(await mappingOf(world.stack, /SubmitFunction/)).toMatchObject({
      EventSourceArn: QueueArn,
      BatchSize: 10_000,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

test('the ledger is a table by `pk`, paid by the request', async () => {
  const { Table } = await world.dynamodb.send(
    new DescribeTableCommand({ TableName: world.stack.outputs.LedgerTableName }),
  );
  expect(Table?.KeySchema).toEqual([{ AttributeName: 'pk', KeyType: 'HASH' }]);
  expect(Table?.AttributeDefinitions).toEqual([{ AttributeName: 'pk', AttributeType: 'S' }]);
  expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST');
});

test("the bucket's rule puts the events of watched keys into the queue of receive-s3, and into the dead letter queue what it cannot", async () => {
  const shape = z.object({ Name: z.string(), EventPattern: z.string().optional(), State: z.string() });
  const { Rules } = z
    .object({ Rules: z.array(shape) })
    .parse(await world.stack.calls.json('events', 'AWSEvents.ListRules', {}));
  // The other one is the schedule of tick.
  const [rule, ...others] = Rules.filter(({ EventPattern }) => EventPattern !== undefined);
  expect(others).toEqual([]);
  expect(rule?.State).toBe('ENABLED');
  expect(JSON.parse(rule?.EventPattern ?? '')).toEqual({
    source: ['aws.s3'],
    'detail-type': ['Object Created', 'Object Deleted'],
    detail: { bucket: { name: ['www-example-com'] }, object: { key: [{ prefix: 'site/' }] } },
  });
  const { QueueArn } = await queueAt(world.stack.outputs.DeadLetterQueueUrl);
  const { Targets } = z
    .object({ Targets: z.array(z.object({ Arn: z.string(), DeadLetterConfig: z.unknown() })) })
    .parse(await world.stack.calls.json('events', 'AWSEvents.ListTargetsByRule', { Rule: rule?.Name }));
  expect(Targets).toEqual([
    {
      Arn: world.stack.outputs.S3QueueArn,
      DeadLetterConfig: { Arn: QueueArn },
    },
  ]);
});

describe('the functions', () => {
  const names = [/ReceiveS3Function/, /ReceiveWebhookFunction/, /SubmitFunction/];

  test('each has its own role, and an environment without an open reference', async () => {
    const functions = await Promise.all(names.map(functionAt));
    expect(new Set(functions.map(({ Role }) => Role)).size).toBe(names.length);
    for (const { Environment, Role } of functions) {
      expect(Role).toMatch(/^arn:aws:iam::\d{12}:role\//);
      for (const [name, value] of Object.entries(Environment?.Variables ?? {})) {
        expect([name, value]).not.toEqual([name, expect.stringMatching(/\$\{|Fn::|"Ref"|^$/)]);
      }
    }
  });

  test('each log group forgets', async () => {
    const { logGroups } = z
      .object({
        logGroups: z.array(z.object({ logGroupName: z.string(), retentionInDays: z.number().optional() })),
      })
      .parse(await world.stack.calls.json('logs', 'Logs_20140328.DescribeLogGroups', {}));
    expect(logGroups.length).toBeGreaterThanOrEqual(names.length);
    for (const group of logGroups) {
      expect(group).toEqual({ ...group, retentionInDays: expect.any(Number) });
    }
  });
});
