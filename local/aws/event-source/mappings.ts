import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { createSwitch, type Switches } from '../control/switch.ts';
import type { Stop } from '../emulators/server.ts';
import { type Functions, functionOf } from '../lambda/functions.ts';
import { TemplateError } from '../template/errors.ts';
import type { Resource } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';
import type { MappingSettings } from './batch.ts';
import { startEventSource } from './poller.ts';

/** How many batches Lambda's poller runs at a time at first, where a mapping sets no maximum. */
const defaultConcurrency = 5;

const mappingSchema = z.object({
  EventSourceArn: z.string().startsWith('arn:aws:sqs:'),
  FunctionName: z.string(),
  BatchSize: z.coerce.number().default(10),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  Enabled: z.union([z.boolean(), z.stringbool()]).default(true),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().optional() }).prefault({}),
  FunctionResponseTypes: z.array(z.string()).default([]),
});
const visibilitySchema = z.object({ VisibilityTimeout: z.coerce.number().default(30) });

/** The parts of the stack that event source mappings need. */
export interface MappingSurroundings {
  readonly template: StackTemplate;
  readonly functions: Functions;
  readonly sqs: SQSClient;
  readonly queueUrlOf: (queueArn: string) => string;
  readonly switches: Pick<Switches, 'mappings'>;
  readonly warn: (sentence: string) => void;
  readonly stops: Stop[];
}

/**
 * Starts a poller for each event source mapping between a queue and a function of the template.
 * @throws {TemplateError} for a mapping that AWS or the local stack would refuse.
 */
export function startMappings(surroundings: MappingSurroundings): void {
  const { template, functions, sqs, switches, warn, stops } = surroundings;
  for (const resource of template.resources('AWS::Lambda::EventSourceMapping')) {
    const mapping = template.properties(resource, mappingSchema);
    const target = functionOf(functions, mapping.FunctionName);
    if (target === undefined) {
      throw new TemplateError(
        `${resource.logicalId}: ${mapping.FunctionName} is not a function of the stack.`,
      );
    }
    const queue = queueOf(mapping.EventSourceArn, surroundings);
    const settings = mappingSettings(resource, mapping, queue, template.region);
    checkMapping(settings, {
      visibilityTimeoutSeconds: queue.visibilityTimeoutSeconds,
      functionTimeoutSeconds: target.settings.timeoutSeconds,
    });
    const maximumConcurrency = Math.min(settings.maximumConcurrency, target.settings.maxEnvironments);
    const isEnabled = createSwitch(mapping.Enabled);
    switches.mappings.set(template.ref(resource), isEnabled);
    stops.push(startEventSource({ ...settings, maximumConcurrency }, { target, sqs, isEnabled }, warn));
  }
}

/** A queue that a mapping reads. */
interface SourceQueue {
  readonly arn: string;
  readonly url: string;
  readonly visibilityTimeoutSeconds: number;
}

/** A queue of the stack, or one of others, which is assumed to have SQS's default settings. */
function queueOf(arn: string, { template, queueUrlOf }: MappingSurroundings): SourceQueue {
  const own = template
    .resources('AWS::SQS::Queue')
    .find((candidate) => template.attribute(candidate, 'Arn') === arn);
  const settings =
    own === undefined ? visibilitySchema.parse({}) : template.properties(own, visibilitySchema);
  return { arn, url: queueUrlOf(arn), visibilityTimeoutSeconds: settings.VisibilityTimeout };
}

function mappingSettings(
  resource: Resource,
  mapping: z.output<typeof mappingSchema>,
  queue: SourceQueue,
  region: string,
): MappingSettings {
  return {
    logicalId: resource.logicalId,
    queueUrl: queue.url,
    queueArn: queue.arn,
    region,
    batchSize: mapping.BatchSize,
    batchingWindowSeconds: mapping.MaximumBatchingWindowInSeconds,
    maximumConcurrency: mapping.ScalingConfig.MaximumConcurrency ?? defaultConcurrency,
    reportsBatchItemFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
  };
}

/**
 * Refuses what AWS would refuse at deployment:
 * https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
 * @throws {TemplateError} that says what was expected and what came.
 */
export function checkMapping(
  settings: MappingSettings,
  limits: {
    readonly visibilityTimeoutSeconds: number;
    readonly functionTimeoutSeconds: number;
  },
): void {
  const refuse = (expected: string, got: number) => {
    throw new TemplateError(`${settings.logicalId}: expected ${expected}, got ${got}.`);
  };
  const { batchSize, batchingWindowSeconds, maximumConcurrency } = settings;
  if (!(batchSize >= 1 && batchSize <= 10_000)) refuse('BatchSize to be from 1 to 10000', batchSize);
  if (!(batchingWindowSeconds >= 0 && batchingWindowSeconds <= 300)) {
    refuse('MaximumBatchingWindowInSeconds to be from 0 to 300', batchingWindowSeconds);
  }
  if (batchSize > 10 && batchingWindowSeconds < 1) {
    refuse('MaximumBatchingWindowInSeconds of at least 1 with a BatchSize over 10', batchingWindowSeconds);
  }
  if (!(maximumConcurrency >= 2 && maximumConcurrency <= 1000)) {
    refuse('MaximumConcurrency to be from 2 to 1000', maximumConcurrency);
  }
  if (limits.visibilityTimeoutSeconds < limits.functionTimeoutSeconds) {
    refuse(
      `the queue's VisibilityTimeout to be at least the function's Timeout of ${limits.functionTimeoutSeconds} s`,
      limits.visibilityTimeoutSeconds,
    );
  }
}
