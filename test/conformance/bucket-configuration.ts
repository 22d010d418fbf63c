import { createServer, type IncomingMessage } from 'node:http';
import {
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { closeServer, listen } from '../../local/aws/emulators/server.ts';
import { propertyOutput } from './emulated-template.ts';
import type { World } from './world.ts';

/**
 * Does what CloudFormation does with the custom resources that configure buckets: calls the stack's own function for
 * its own ones, and for those of the CDK, whose function is Python, does what that does.
 */
export async function configureBuckets(
  world: World,
  requestType: 'Create' | 'Update' | 'Delete' = 'Create',
): Promise<void> {
  for (const [logicalId, { Type, Properties }] of Object.entries(world.assembly.template.Resources)) {
    if (Type === 'Custom::PurgerBucketConfiguration') await call(requestType, logicalId, Properties, world);
    if (Type !== 'Custom::S3BucketNotifications') continue;
    await world.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: String(Properties.BucketName),
        NotificationConfiguration: Properties.NotificationConfiguration as NotificationConfiguration,
      }),
    );
  }
}

/** Calls the function of a custom resource as CloudFormation does, and waits for its answer. */
async function call(RequestType: string, logicalId: string, properties: object, world: World): Promise<void> {
  const answer = Promise.withResolvers<{ readonly Status?: string; readonly Reason?: string }>();
  const server = createServer(async (request, response) => {
    answer.resolve(JSON.parse(await textOf(request)));
    response.end();
  });
  const ResponseURL = await listen(server, undefined, "CloudFormation's answers");
  const names = Object.keys(properties).filter((name) => name !== 'ServiceToken');
  const outputOf = (name: string) => world.stack.outputs[propertyOutput(logicalId, name)];
  const result = await world.invoke(/ConfigureBucket/, {
    RequestType,
    ResponseURL,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: logicalId,
    ResourceType: 'Custom::PurgerBucketConfiguration',
    ResourceProperties: Object.fromEntries(names.map((name) => [name, outputOf(name)])),
  });
  if (result.outcome !== 'returned') answer.resolve({ Status: 'FAILED', Reason: JSON.stringify(result) });
  const { Status, Reason } = await answer.promise;
  await closeServer(server);
  // moto keeps that EventBridge is on and sends to it, but never gives it back: reading back can see no success.
  const wantsEventBridge = String(outputOf('Configuration')).includes('"eventBridge":true');
  if (wantsEventBridge && Reason?.startsWith('OverwrittenConfigurationError')) return;
  if (Status !== 'SUCCESS') throw new Error(`Expected the bucket to be configured, got ${Status}: ${Reason}`);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
