import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ready } from '../../local/demo/ready.ts';

/** What the local stack has no service for: parameters, alarms, and callers. */
export interface AwsStub {
  /** What the one alarm is like. */
  alarm: {
    readonly StateValue: string;
    readonly AlarmActions: readonly string[];
    readonly AlarmName?: string;
    readonly AlarmDescription?: string;
    /** In seconds. */
    readonly StateUpdatedTimestamp?: number;
  };
  /** Whether it refuses what is asked by JSON. */
  refuses: boolean;
  /** The environment in which the AWS SDK finds it: that of this process until it stops. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stop: () => void;
}

/** Who runs the commands. */
export const callerArn = 'arn:aws:sts::111122223333:assumed-role/operator/ana';

/**
 * Makes the AWS SDK of this process find a local stack as one that is deployed under the name `MyStack`: its own services
 * where it has them, and a stub of the others.
 */
export async function startAwsStub({ operation }: Ready): Promise<AwsStub> {
  const { endpoints } = operation;
  const purger = { ...(operation.purger as object), name: 'MyStack-Purger' };
  const stub: Pick<AwsStub, 'refuses' | 'alarm'> = {
    refuses: false,
    alarm: { StateValue: 'OK', AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:pager'] },
  };
  const answers: Readonly<Record<string, (body: string) => object>> = {
    GetParametersByPath: (body) => ({
      Parameters:
        JSON.parse(body).Path === '/cdn-pro-purger/MyStack'
          ? [{ Name: '/cdn-pro-purger/MyStack/Purger', Value: JSON.stringify(purger) }]
          : [],
    }),
    DescribeAlarms: () => ({
      MetricAlarms: [{ AlarmName: 'MyStack-Purger-freshness', ActionsEnabled: true, ...stub.alarm }],
    }),
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const answer = answers[operation];
    if (answer !== undefined && stub.refuses) {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not yours' }));
      return;
    }
    if (answer !== undefined) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer(body)));
      return;
    }
    if (body.includes('Action=GetCallerIdentity')) {
      const arn = `<GetCallerIdentityResult><Arn>${callerArn}</Arn></GetCallerIdentityResult>`;
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(`<GetCallerIdentityResponse>${arn}</GetCallerIdentityResponse>`);
      return;
    }
    response.writeHead(404).end();
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment = {
    AWS_REGION: 'eu-west-1',
    // The AWS CLI reads this one alone.
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridge,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoints.logs,
    AWS_ENDPOINT_URL_SSM: own,
    AWS_ENDPOINT_URL_CLOUDWATCH: own,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_STS: own,
  };
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, environment);
  const stop = () => {
    server.close();
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  return Object.assign(stub, { environment, stop });
}

/** Takes EventBridge out of the notification configuration of a bucket, as somebody may by hand. */
export async function silenceBucket({ s3 }: Ready, bucket: string): Promise<void> {
  await fetch(`${s3.endpoint}/${bucket}?notification`, {
    method: 'PUT',
    body: '<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
  });
}
