import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { clientOptions } from '../aws/client-options.ts';
import { describeError } from '../lambda/log.ts';
import { bucketEvents } from '../lambda/log-events.ts';
import { createLogger } from '../lambda/logger.ts';
import { answerCloudFormation } from './answer-cloudformation.ts';
import { type ConfigurePorts, configureBucket, readWanted } from './configure-bucket.ts';

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
  const { RequestType, ResourceProperties } = event;
  const configure = async () => configureBucket(RequestType, readWanted(ResourceProperties), ports);
  const error = await configure().then(() => undefined, describeError);
  const fields = { requestType: RequestType, bucket: ResourceProperties.BucketName };
  if (error === undefined) log.info(bucketEvents.configured, fields);
  else log.error(bucketEvents.notConfigured, { ...fields, error });
  const failure = error && `${error.name}: ${error.message} (log: ${context.logStreamName})`;
  await answerCloudFormation(event, failure);
}
