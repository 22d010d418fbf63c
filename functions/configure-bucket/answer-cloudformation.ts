import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { PurgerError } from '../core/model/errors.ts';

/** CloudFormation's URL did not take the answer: the deployment waits for its timeout. */
export class AnswerNotTakenError extends PurgerError {
  override readonly name = 'AnswerNotTakenError';
}

/**
 * Answers CloudFormation, which waits for it at a URL of S3: without an answer, for an hour.
 * @param failure the reason why the resource is not as wanted; undefined where it is
 * @throws AnswerNotTakenError
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export async function answerCloudFormation(
  {
    ResponseURL,
    StackId,
    RequestId,
    LogicalResourceId,
    ResourceProperties,
  }: CloudFormationCustomResourceEvent,
  failure: string | undefined,
): Promise<void> {
  const answer = {
    Status: failure === undefined ? 'SUCCESS' : 'FAILED',
    Reason: failure ?? '',
    // Another bucket is another resource: CloudFormation then asks to delete the former one's part.
    PhysicalResourceId: ResourceProperties.BucketName as string,
    StackId,
    RequestId,
    LogicalResourceId,
  };
  // The URL is signed for no content type, and fetch gives one to a string.
  const response = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify(answer)) });
  if (!response.ok)
    throw new AnswerNotTakenError(`Expected CloudFormation to take the answer, got ${response.status}`);
}
