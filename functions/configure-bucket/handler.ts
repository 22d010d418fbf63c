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

/** CloudFormation waits for an answer at a URL of S3's, whatever happens here: without one, for an hour. */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  const { RequestType, ResponseURL, StackId, RequestId, LogicalResourceId, ResourceProperties } = event;
  const configure = async () => configureBucket(RequestType, readWanted(ResourceProperties), ports);
  const failure = await configure().then(() => undefined, describeError);
  const fields = { requestType: RequestType, bucket: ResourceProperties.BucketName };
  if (failure === undefined) log.info(bucketEvents.configured, fields);
  else log.error(bucketEvents.notConfigured, { ...fields, error: failure });
  const answer = {
    Status: failure === undefined ? 'SUCCESS' : 'FAILED',
    Reason:
      failure === undefined ? '' : `${failure.name}: ${failure.message} (log: ${context.logStreamName})`,
    // Another bucket is another resource: CloudFormation then asks to delete the former one's part.
    PhysicalResourceId: ResourceProperties.BucketName as string,
    StackId,
    RequestId,
    LogicalResourceId,
  };
  // The URL is signed for no content type, and fetch gives one to a text.
  const response = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify(answer)) });
  if (!response.ok)
    throw new Error(`CloudFormation answered ${response.status} to what became of the bucket`);
}
