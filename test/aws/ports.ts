import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { signStandardWebhook } from '../../infra/cli/webhooks/signing.ts';
import { createCloudWatch } from './cloudwatch.ts';
import type { AcceptedPurge, AwsTestPorts } from './run-test.ts';
import type { TestStackSettings } from './test-stack-settings.ts';

/** Runs the CDK's command line on the test's app. */
export async function runCdk(
  command: 'synth' | 'deploy' | 'destroy',
  settings: TestStackSettings,
  ...options: readonly string[]
): Promise<void> {
  const cdk = join('node_modules', 'aws-cdk', 'bin', 'cdk');
  const app = `${process.execPath} --disable-warning=ExperimentalWarning test/aws/app.ts`;
  const context = ['--context', `test=${JSON.stringify(settings)}`];
  // `synth` writes every stack anyway, and has no such option.
  const all = command === 'synth' ? [] : ['--all'];
  const args = [cdk, command, ...all, '--app', app, ...context, ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((settle, reject) => {
    child.on('error', reject);
    child.on('close', settle);
  });
  if (code !== 0) throw new Error(`cdk ${command} ended with exit code ${code}`);
}

/**
 * @param signal ends waiting
 * @returns what a run does in the account of the environment, by the AWS SDK and the CDK's command line
 */
export function createAwsPorts(region: string, signal: AbortSignal): AwsTestPorts {
  const s3 = new S3Client({ region });
  const sqs = new SQSClient({ region });
  const dynamodb = new DynamoDBClient({ region });
  const secrets = new SecretsManagerClient({ region });
  const cloudWatch = createCloudWatch({
    endpoint: `https://monitoring.${region}.amazonaws.com`,
    region,
    credentials: () => sqs.config.credentials(),
  });
  const scratch = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-aws-'));
  let bucketName: string | undefined;
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

  async function keysIn(bucket: string, prefix?: string): Promise<readonly string[]> {
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, ...(prefix && { Prefix: prefix }) }),
    );
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  return {
    async createSecret(Name, SecretString) {
      await secrets.send(new CreateSecretCommand({ Name, SecretString }));
    },
    async deleteSecret(SecretId) {
      try {
        await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
      } catch (error) {
        // It was not created.
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
    async deploy(settings) {
      const outputs = join(scratch, 'outputs.json');
      const own = ['--output', join(scratch, 'cdk.out'), '--outputs-file', outputs];
      await runCdk('deploy', settings, '--require-approval', 'never', ...own);
      const all = JSON.parse(readFileSync(outputs, 'utf8')) as Record<string, Record<string, string>>;
      const found = all[settings.stackName] ?? {};
      bucketName = found.BucketName;
      return found;
    },
    async destroy(settings) {
      for (let keys: readonly string[] = ['']; bucketName !== undefined && keys.length > 0; ) {
        keys = await keysIn(bucketName);
        const Objects = keys.map((Key) => ({ Key }));
        if (keys.length > 0) {
          await s3.send(new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects } }));
        }
      }
      await runCdk('destroy', settings, '--force', '--output', join(scratch, 'cdk.out'));
    },
    async upload(Bucket, Key) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'a page', ContentType: 'text/html' }));
    },
    async deliver(url, secret, slug) {
      const nowMs = Date.now();
      const data = { id: slug, type: 'page', slug };
      const body = JSON.stringify({
        type: 'page.published',
        timestamp: new Date(nowMs).toISOString(),
        data,
      });
      const headers = {
        'content-type': 'application/json',
        ...signStandardWebhook({ body, nowMs, secret }),
      };
      return (await fetch(url, { method: 'POST', headers, body })).status;
    },
    async accepted(Bucket) {
      const keys = await keysIn(Bucket, 'accepted/');
      return Promise.all(
        keys.map(async (Key) => {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
          return JSON.parse((await Body?.transformToString()) ?? '{}') as AcceptedPurge;
        }),
      );
    },
    async count(QueueUrl) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return Object.values(Attributes).reduce((sum, number) => sum + Number(number), 0);
    },
    async requestsInWindow(TableName) {
      const Key = { pk: { S: 'rate-window' } };
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      return Item?.arrivedByMs?.L?.length ?? 0;
    },
    alarmStates: cloudWatch.alarmStates,
    entriesPurged: (purger, sinceMs) => cloudWatch.sumOf('EntriesPurged', purger, sinceMs, Date.now()),
    sleep: (ms) => sleep(ms, undefined, { signal }),
    nowMs: Date.now,
    log: (line) => console.log(line),
  };
}
