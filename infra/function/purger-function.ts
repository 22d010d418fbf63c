import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  CfnFunction,
  Function as LambdaFunction,
  LoggingFormat,
  type RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledgeLogs, type DataProtection, keptLogs } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { renderedBytes } from '../security/rendered-bytes.ts';
import type { FunctionName } from './bundle.ts';
import { functionCode } from './function-code.ts';

interface EnvironmentAdvice {
  readonly settings: string;
  readonly advice: string;
}

/** Options of a {@link PurgerFunction}: what differs between functions. */
export interface PurgerFunctionProps {
  /** The folder in `functions/`. */
  readonly name: FunctionName;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly environment: Record<string, string>;
  readonly protection: DataProtection;
  /**
   * Which settings make the environment long, and what to do where Lambda would not take it.
   * @default - it does not depend on settings
   */
  readonly environmentAdvice?: EnvironmentAdvice;
  /**
   * Files to put next to the handler, contents by name.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Whether Lambda stops what looks like an endless loop, together with its events.
   * @default - Lambda stops it
   */
  readonly recursiveLoop?: RecursiveLoop;
  /**
   * Whether it is invoked on a schedule: an event that fails is not tried again, since the next one does the same.
   * @default false
   */
  readonly isScheduled?: boolean;
}

/**
 * Most bytes of a function's environment, which Lambda measures as JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const maxEnvironmentBytes = 4096;

/** A function of the purger, with what all of them have in common: runtime, architecture, logs. */
export class PurgerFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    id: string,
    { name, files, isScheduled = false, protection, environmentAdvice, ...props }: PurgerFunctionProps,
  ) {
    const { encryptionKey } = protection;
    const logGroup = new LogGroup(scope, `${id}Logs`, keptLogs(protection));
    // AWS's managed policy for Lambda allows every log group of the account; this role may write to its own only.
    const role = new Role(scope, `${id}Role`, {
      description: props.description,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    if (encryptionKey !== undefined) {
      // SQS and DynamoDB use the key on behalf of the role that sends, receives, reads and writes.
      role.addToPolicy(
        new PolicyStatement({
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [encryptionKey.keyArn],
        }),
      );
    }
    super(scope, id, {
      ...props,
      role,
      logGroup,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'handler.handler',
      code: functionCode(name, files),
      loggingFormat: LoggingFormat.JSON,
      ...(encryptionKey === undefined ? {} : { environmentEncryption: encryptionKey }),
      ...(isScheduled ? { retryAttempts: 0, maxEventAge: Duration.minutes(1) } : {}),
    });
    if (environmentAdvice !== undefined) {
      this.node.addValidation({ validate: () => this.#issuesOfEnvironment(name, environmentAdvice) });
    }
    acknowledge(this, functionReasons);
    acknowledge(this, noDeadLetterQueue(reasonFor(name, isScheduled)));
    acknowledge(role, roleReasons);
    acknowledgeLogs(logGroup, protection);
  }

  #issuesOfEnvironment(name: FunctionName, { settings, advice }: EnvironmentAdvice): string[] {
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnFunction)) return [];
    const { variables = {} } = Stack.of(this).resolve(resource.environment) ?? {};
    const bytes = renderedBytes(variables);
    if (bytes <= maxEnvironmentBytes) return [];
    return [
      `${settings}: expected an environment of ${name} of at most ${maxEnvironmentBytes} bytes, got up to ${bytes}: ${advice}`,
    ];
  }
}

const functionReasons = {
  'NIST.800.53.R5-LambdaConcurrency':
    'A reservation is taken from all functions of the account, and fails to deploy where the quota is small. What comes in is limited at its source instead: two batches at a time from the queue, one event a minute from the schedule, and the throttling of the HTTP API. Under a reservation the poller of the queue would use up receives of messages.',
  'NIST.800.53.R5-LambdaInsideVPC':
    'It reaches no private resource: only public endpoints of AWS and of CDN Pro, by TLS and with its own IAM role. A VPC would add a NAT gateway as one more way to fail.',
  'Serverless-LambdaTracing':
    "X-Ray's permissions can only be granted on every resource. Structured logs follow each change from the event to CDN Pro's request ID.",
};
/** Why a function has no dead letter configuration. */
function reasonFor(name: FunctionName, isScheduled: boolean): string {
  if (isScheduled)
    return 'The event of a schedule says nothing but that it is time. One that fails is worth nothing afterwards: the next one, a minute later, does the same.';
  if (name === 'configure-bucket')
    return 'CloudFormation requests it, and waits for the answer: without one it fails the deployment, and a request that is kept would be of no use afterwards.';
  if (name === 'probe')
    return 'It is never invoked asynchronously, and a dead letter configuration is for nothing else: `tick` waits for the answer, and where there is none, the purge ends as not proven.';
  return 'It is never invoked asynchronously, and a dead letter configuration is for nothing else: the sender of a webhook sees the failure and retries; the messages of a queue return to it, and after ten times go to the dead letter queue.';
}

function noDeadLetterQueue(reason: string): Readonly<Record<string, string>> {
  return { 'NIST.800.53.R5-LambdaDLQ': reason, 'Serverless-LambdaDLQ': reason };
}
const roleReasons = {
  'NIST.800.53.R5-IAMNoInlinePolicy':
    'The policy belongs to the role of this one function, goes with it, and names its resources only. As a managed policy it could be attached to others.',
};
