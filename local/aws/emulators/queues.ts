import { CreateQueueCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { TemplateError } from '../template/errors.ts';
import { nameInArn } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';

const numeric = z.coerce.number();
const queueSchema = z.object({
  VisibilityTimeout: numeric.optional(),
  MessageRetentionPeriod: numeric.optional(),
});
const sourceSchema = z.object({ EventSourceArn: z.string().default('') });
const redriveSchema = z.object({
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: numeric }).optional(),
});

/**
 * Creates the template's queues with their settings and dead letter queues, and the queues of others that its event
 * source mappings read.
 */
export async function createQueues(template: StackTemplate, sqs: SQSClient): Promise<void> {
  const queues = template.resources('AWS::SQS::Queue');
  const names = queues.map(template.physicalName);
  for (const queue of queues) {
    const settings = Object.entries(template.properties(queue, queueSchema));
    const Attributes = Object.fromEntries(settings.map(([name, value]) => [name, String(value)]));
    await sqs.send(new CreateQueueCommand({ QueueName: template.physicalName(queue), Attributes }));
  }
  for (const mapping of template.resources('AWS::Lambda::EventSourceMapping')) {
    const { EventSourceArn } = template.properties(mapping, sourceSchema);
    const name = nameInArn(EventSourceArn);
    if (!EventSourceArn.startsWith('arn:aws:sqs:') || names.includes(name)) continue;
    await sqs.send(new CreateQueueCommand({ QueueName: name }));
  }
  for (const queue of queues) {
    const { RedrivePolicy } = template.properties(queue, redriveSchema);
    if (RedrivePolicy === undefined) continue;
    if (!names.includes(nameInArn(RedrivePolicy.deadLetterTargetArn))) {
      throw new TemplateError(
        `The dead letter queue of ${queue.logicalId} is not part of the stack: ${RedrivePolicy.deadLetterTargetArn}.`,
      );
    }
    const Attributes = { RedrivePolicy: JSON.stringify(RedrivePolicy) };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: template.ref(queue), Attributes }));
  }
}
