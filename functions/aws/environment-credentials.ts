import { PurgerError } from '../core/model/errors.ts';

/** Lambda's own credentials are not in the environment: this does not run in a function. */
export class AwsCredentialsError extends PurgerError {
  override readonly name = 'AwsCredentialsError';
}

/** Keys that sign requests to AWS. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Replaces `@aws-sdk/credential-provider-node` in the functions' bundles. Of the SDK's dozen places to look for
 * credentials, a function has them in one, the environment, where Lambda keeps them valid for as long as the execution
 * environment lives.
 * @returns a provider as the SDK's clients take it, which throws AwsCredentialsError where there are none
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function defaultProvider(): () => Promise<AwsCredentials> {
  return async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
    if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
      throw new AwsCredentialsError(
        'Expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment',
      );
    }
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    };
  };
}
