import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { PurgerError } from '../core/model/errors.ts';
import { describeError, type Log } from '../lambda/log.ts';
import { bucketEvents } from '../lambda/log-events.ts';
import type { Answer } from './answer-cloudformation.ts';
import { type ConfigurePorts, configureBucket, readWanted } from './configure-bucket.ts';

/** A bucket is in another region than the stack, so that it can neither notify a queue nor be configured here. */
export class BucketRegionError extends PurgerError {
  override readonly name = 'BucketRegionError';
}

/** The ID of a resource whose creation failed: CloudFormation asks for its deletion with it. */
const failedId = 'failed:';
/** What S3 answers about a bucket in another region, by how the client reaches it. */
const otherRegion = [
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
];
/** What S3 answers where it lets the function not even read the configuration. */
const inaccessible = ['AccessDenied', 'AllAccessDisabled', 'BucketRegionError'];

/**
 * Does what CloudFormation requests of a custom resource. A deletion fails only where the bucket can be read: a
 * deployment that failed has to be able to go back, and a stack to go away.
 * @returns what to answer
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
 */
export async function configureForCloudFormation(
  event: CloudFormationCustomResourceEvent,
  ports: ConfigurePorts,
  log: Log,
): Promise<Answer> {
  const { RequestType, ResourceProperties } = event;
  const fields = { requestType: RequestType, bucket: ResourceProperties.BucketName };
  const error = await configure(event, ports).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error === undefined) {
    log.info(bucketEvents.configured, fields);
    return { physicalId: idOf(event), failure: undefined };
  }
  log.error(bucketEvents.notConfigured, { ...fields, error: describeError(error) });
  const { name, message } = describeError(error);
  const failure = mayStay(event, name) ? undefined : `${name}: ${message}`;
  return { physicalId: failure === undefined ? idOf(event) : idOfFailed(event), failure };
}

async function configure(event: CloudFormationCustomResourceEvent, ports: ConfigurePorts): Promise<void> {
  const wanted = readWanted(event.ResourceProperties);
  try {
    await configureBucket(event.RequestType, wanted, ports);
  } catch (error) {
    if (!otherRegion.includes(nameOf(error))) throw error;
    const region = regionIn(error);
    throw new BucketRegionError(
      `Expected the bucket ${wanted.bucketName} in the region of the stack, got one in ${region ?? 'another region'}: docs/sources-s3.md has how to watch it from there`,
    );
  }
}

/** Whether a deletion is answered with success although our notifications may be left in the bucket. */
function mayStay(event: CloudFormationCustomResourceEvent, error: string): boolean {
  if (event.RequestType !== 'Delete') return false;
  return event.PhysicalResourceId.startsWith(failedId) || inaccessible.includes(error);
}

/** Another bucket is another resource: CloudFormation then asks to delete the former one's part. */
function idOf(event: CloudFormationCustomResourceEvent): string {
  return event.RequestType === 'Delete' ? event.PhysicalResourceId : event.ResourceProperties.BucketName;
}

/** An update that failed is still the resource that it was. */
function idOfFailed(event: CloudFormationCustomResourceEvent): string {
  return event.RequestType === 'Create' ? `${failedId}${event.RequestId}` : event.PhysicalResourceId;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** The region that S3 names in the answer's headers. */
function regionIn(error: unknown): string | undefined {
  const { $response: response } = error as { $response?: { headers?: Readonly<Record<string, string>> } };
  return response?.headers?.['x-amz-bucket-region'];
}
