import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type FunctionName, functionCode } from './function-code.ts';

/** What differs from function to function. */
export interface PurgerFunctionProps {
  /** The folder in `functions/`. */
  readonly name: FunctionName;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly environment: Record<string, string>;
  /** Files to put beside the handler, contents by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where an asynchronous event goes that failed for good. */
  readonly onFailure?: IQueue;
}

/** A function of the purger, with what all of them have in common: runtime, architecture, logs. */
export class PurgerFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, { name, files, onFailure, ...props }: PurgerFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // AWS's managed policy for Lambda may write to every log group of the account; this role to its own only.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      ...props,
      role,
      logGroup,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'handler.handler',
      code: functionCode(name, files),
      loggingFormat: LoggingFormat.JSON,
      ...(onFailure === undefined
        ? {}
        : { retryAttempts: 2, maxEventAge: Duration.hours(6), onFailure: new SqsDestination(onFailure) }),
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
    });
  }
}
