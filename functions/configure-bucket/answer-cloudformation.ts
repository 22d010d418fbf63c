import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { PurgerError } from '../core/model/errors.ts';

/** CloudFormation's URL did not take the answer: the deployment waits for its timeout. */
export class AnswerNotTakenError extends PurgerError {
  override readonly name = 'AnswerNotTakenError';
}

/** What CloudFormation is answered. */
export interface Answer {
  /** Names the resource from now on; with another one, CloudFormation asks to delete the former. */
  readonly physicalId: string;
  /** Why the resource is not as wanted; undefined where it is. */
  readonly failure: string | undefined;
}

/**
 * Answers CloudFormation, which waits for it at a URL of S3: without an answer, for an hour.
 * @throws AnswerNotTakenError
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export async function answerCloudFormation(
  { ResponseURL, StackId, RequestId, LogicalResourceId }: CloudFormationCustomResourceEvent,
  { physicalId, failure }: Answer,
): Promise<void> {
  const answer = {
    Status: failure === undefined ? 'SUCCESS' : 'FAILED',
    Reason: failure ?? '',
    PhysicalResourceId: physicalId,
    StackId,
    RequestId,
    LogicalResourceId,
  };
  // The URL is signed for no content type, and fetch gives one to a string.
  const response = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify(answer)) });
  if (!response.ok)
    throw new AnswerNotTakenError(`Expected CloudFormation to take the answer, got ${response.status}`);
}
