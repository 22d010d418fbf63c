import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { clientOptions } from '../aws/client-options.ts';
import { createLogger } from '../lambda/logger.ts';
import { answerCloudFormation } from './answer-cloudformation.ts';
import type { ConfigurePorts } from './configure-bucket.ts';
import { configureForCloudFormation } from './configure-for-cloudformation.ts';

const log = createLogger('configure-bucket');
const s3 = new S3Client(clientOptions);
const ports: ConfigurePorts = {
  async read(Bucket) {
    const command = new GetBucketNotificationConfigurationCommand({ Bucket });
    const { $metadata: _, ...configuration } = await s3.send(command);
    return configuration;
  },
  async write(Bucket, NotificationConfiguration, { skipDestinationValidation: SkipDestinationValidation }) {
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration,
        SkipDestinationValidation,
      }),
    );
  },
  sleep: (ms) => sleep(ms),
  random: Math.random,
};

/** Answers CloudFormation in any case. */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  const { physicalId, failure } = await configureForCloudFormation(event, ports, log);
  const withLog = failure && `${failure} (log: ${context.logStreamName})`;
  await answerCloudFormation(event, { physicalId, failure: withLog });
}
