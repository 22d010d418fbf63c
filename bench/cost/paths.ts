import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PurgerConfig } from '../../infra/purger-stack.ts';
import { readAssembly } from '../../local/template/assembly.ts';

/** A way by which changes reach the buffer. */
export interface Path {
  readonly name: string;
  /** In a table's head. */
  readonly title: string;
  readonly config: PurgerConfig;
  /** Changes the synthesized template in the assembly's folder. */
  readonly amend?: (assemblyDir: string) => void;
}

export const bucket = 'www-example-com';
/** The webhook of the path `webhook`. */
export const webhookSource = 'ghost';

const common = { credentials: 'cdn-pro/api', target: 'production' } as const;
const rules: PurgerConfig['rules'] = [
  {
    match: { source: 's3', key: 'site/{+path}' },
    purge: { fileUrls: ['https://www.example.com/{+path}'] },
  },
];

/** All paths, the cheapest in bulk first. Each change makes one file URL stale. */
export const paths: readonly Path[] = [
  {
    name: 'queue',
    title: 'S3 → SQS',
    config: { ...common, buckets: [{ name: bucket }], rules },
    amend: addInbox,
  },
  {
    name: 'eventbridge',
    title: 'S3 → EventBridge',
    config: { ...common, buckets: [{ name: bucket }], rules },
  },
  {
    name: 'webhook',
    title: 'webhook',
    config: {
      ...common,
      webhooks: [{ source: webhookSource, secret: 'cdn-pro-purger/ghost' }],
      rules: [{ match: { source: webhookSource }, purge: { fileUrls: ['https://www.example.com/{+path}'] } }],
    },
  },
];

/**
 * Puts a queue between the bucket and `receive-s3`, in the place of the event rule. Goes when the configuration can say
 * so itself.
 */
function addInbox(assemblyDir: string): void {
  const { stackName } = readAssembly(assemblyDir);
  const file = join(assemblyDir, `${stackName}.template.json`);
  const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, Resource> };
  const { Resources } = template;
  const receiver = Object.keys(Resources).find((id) => /ReceiveS3Function[0-9A-F]{8}$/.test(id));
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    if (Type === 'AWS::Events::Rule') delete Resources[id];
    if (Type !== 'Custom::S3BucketNotifications') continue;
    Properties.NotificationConfiguration = {
      QueueConfigurations: [
        {
          Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
          QueueArn: { 'Fn::GetAtt': ['Inbox', 'Arn'] },
        },
      ],
    };
  }
  Resources.Inbox = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 361 } };
  Resources.InboxMapping = {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Inbox', 'Arn'] },
      FunctionName: { Ref: receiver },
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    },
  };
  writeFileSync(file, JSON.stringify(template));
}

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}
