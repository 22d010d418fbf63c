import { randomUUID } from 'node:crypto';
import type { buildApp } from 'fauxqs';
import * as z from 'zod';
import { isRecord, TemplateError } from './intrinsics.ts';
import type { SendToQueue } from './lambda.ts';
import { fieldOf, localAccountId, type Resource, type StackTemplate } from './template.ts';

/** What S3 calls the operation that made a change, in the `reason` of its EventBridge events. */
type Operation = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload' | 'POST Object' | 'DeleteObject';

/** One object that was written or deleted. */
export interface ObjectWrite {
  readonly operation: Operation;
  readonly bucket: string;
  /** The key itself, not encoded in any way. */
  readonly key: string;
  /** Left out for a delete. */
  readonly sizeBytes?: number;
  readonly etag?: string;
  /** Hexadecimal, growing from write to write. */
  readonly sequencer: string;
  readonly atMs: number;
  readonly requestId: string;
  readonly sourceIp: string;
}

type S3App = ReturnType<typeof buildApp>;

/**
 * Calls back for every object that a successful request to the S3 emulator writes or deletes, once it is answered.
 * fauxqs itself accepts notification configurations and delivers nothing.
 */
export function watchObjectWrites(app: S3App, onWrite: (write: ObjectWrite) => void): void {
  const nextSequencer = createSequencer();
  const seen = new WeakMap<object, readonly ObjectWrite[]>();
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode < 400) {
      // The order of the sequencers is that of the store: the handler has just changed it.
      const writes = describeWrites(request as S3Request, String(payload ?? ''), reply.getHeader('etag'));
      const requestId = String(reply.getHeader('x-amz-request-id'));
      const common = { atMs: Date.now(), requestId, sourceIp: request.ip };
      seen.set(
        request,
        writes.map((write) => ({ ...write, ...common, sequencer: nextSequencer(common.atMs) })),
      );
    }
    return payload;
  });
  app.addHook('onResponse', async (request) => {
    for (const write of seen.get(request) ?? []) onWrite(await withSize(write, app));
  });
}

/** The parts of a request to fauxqs that tell what it did. */
interface S3Request {
  readonly method: string;
  readonly params: { readonly bucket?: string; readonly '*'?: string } | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

type WriteCore = Pick<ObjectWrite, 'operation' | 'bucket' | 'key' | 'sizeBytes' | 'etag'>;

function describeWrites(request: S3Request, payload: string, etagHeader: unknown): WriteCore[] {
  const { method, params, query, headers } = request;
  const { bucket, '*': key = '' } = params ?? {};
  if (bucket === undefined) return [];
  const etag = String(etagHeader ?? /<ETag>(.*?)<\/ETag>/.exec(payload)?.[1] ?? '').replace(/"|&quot;/g, '');
  const isPart = 'uploadId' in query;
  if (method === 'PUT' && key !== '' && !isPart && !('renameObject' in query)) {
    return headers['x-amz-copy-source'] === undefined
      ? [{ operation: 'PutObject', bucket, key, etag, sizeBytes: sentBytes(request) }]
      : [{ operation: 'CopyObject', bucket, key, etag }];
  }
  if (method === 'DELETE' && key !== '' && !isPart) return [{ operation: 'DeleteObject', bucket, key }];
  if (method !== 'POST' || 'uploads' in query) return [];
  if (isPart) return [{ operation: 'CompleteMultipartUpload', bucket, key, etag }];
  const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : String(request.body ?? '');
  if (String(headers['content-type']).startsWith('multipart/form-data')) {
    return [{ operation: 'POST Object', bucket, key: formKey(body), etag }];
  }
  return [...body.matchAll(/<Key>([\s\S]*?)<\/Key>/g)].map(([, name = '']) => ({
    operation: 'DeleteObject',
    bucket,
    key: unescapeXml(name),
  }));
}

function sentBytes({ headers, body }: S3Request): number {
  // With `aws-chunked`, the body holds the chunks' signatures too.
  const decoded = headers['x-amz-decoded-content-length'];
  return decoded === undefined ? Buffer.byteLength((body as Buffer | undefined) ?? '') : Number(decoded);
}

function formKey(body: string): string {
  const key = /name="key"(?:\r\n[^\r\n]+)*\r\n\r\n([\s\S]*?)\r\n--/.exec(body)?.[1] ?? '';
  const fileName = /name="file"; filename="(?:[^"]*[\\/])?([^"]*)"/.exec(body)?.[1] ?? '';
  return key.replaceAll('${filename}', fileName);
}

function unescapeXml(text: string): string {
  const plain: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_entity, name: string) => plain[name] ?? '');
}

/** Asks the store for the size of an object that the request did not tell. */
async function withSize(write: ObjectWrite, app: S3App): Promise<ObjectWrite> {
  if (write.operation === 'DeleteObject' || write.sizeBytes !== undefined) return write;
  const path = write.key.split('/').map(encodeURIComponent).join('/');
  const { headers } = await app.inject({ method: 'HEAD', url: `/${write.bucket}/${path}` });
  return { ...write, sizeBytes: Number(headers['content-length'] ?? 0) };
}

function createSequencer(): (nowMs: number) => string {
  let last = 0n;
  return (nowMs) => {
    const fromClock = BigInt(nowMs) << 20n;
    last = fromClock > last ? fromClock : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, '0');
  };
}

/** The form of S3's events in EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export function eventBridgeEvent(write: ObjectWrite, region: string): Record<string, unknown> {
  const isDelete = write.operation === 'DeleteObject';
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': isDelete ? 'Object Deleted' : 'Object Created',
    source: 'aws.s3',
    account: localAccountId,
    time: new Date(write.atMs).toISOString().replace(/\.\d+/, ''),
    region,
    resources: [`arn:aws:s3:::${write.bucket}`],
    detail: {
      version: '0',
      bucket: { name: write.bucket },
      object: {
        key: write.key,
        ...(isDelete ? {} : { size: write.sizeBytes, etag: write.etag }),
        sequencer: write.sequencer,
      },
      'request-id': write.requestId,
      requester: localAccountId,
      'source-ip-address': write.sourceIp,
      reason: write.operation,
      ...(isDelete && { 'deletion-type': 'Permanently Deleted' }),
    },
  };
}

const notificationNames: Readonly<Record<Operation, string>> = {
  PutObject: 'ObjectCreated:Put',
  'POST Object': 'ObjectCreated:Post',
  CopyObject: 'ObjectCreated:Copy',
  CompleteMultipartUpload: 'ObjectCreated:CompleteMultipartUpload',
  DeleteObject: 'ObjectRemoved:Delete',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export function notificationEvent(write: ObjectWrite, region: string, configurationId: string): object {
  const isDelete = write.operation === 'DeleteObject';
  const record = {
    eventVersion: '2.5',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(write.atMs).toISOString(),
    eventName: notificationNames[write.operation],
    userIdentity: { principalId: 'local' },
    requestParameters: { sourceIPAddress: write.sourceIp },
    responseElements: { 'x-amz-request-id': write.requestId, 'x-amz-id-2': 'local' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: {
        name: write.bucket,
        ownerIdentity: { principalId: 'local' },
        arn: `arn:aws:s3:::${write.bucket}`,
      },
      object: {
        key: formEncodedKey(write.key),
        ...(isDelete ? {} : { size: write.sizeBytes, eTag: write.etag }),
        sequencer: write.sequencer,
      },
    },
  };
  return { Records: [record] };
}

function formEncodedKey(key: string): string {
  // URLSearchParams encodes as a form does; S3 leaves slashes.
  return new URLSearchParams({ key }).toString().slice('key='.length).replaceAll('%2F', '/');
}

/** Event patterns */

/** Whether an event fits. */
export type EventMatcher = (event: unknown) => boolean;
type ValueMatcher = (values: readonly unknown[]) => boolean;

/**
 * Compiles an EventBridge event pattern:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @throws {TemplateError} that names the field, for an operator that is not supported.
 */
export function compileEventPattern(pattern: unknown, path = 'EventPattern'): EventMatcher {
  if (!isRecord(pattern))
    throw new TemplateError(`Expected ${path} to be an object, got ${JSON.stringify(pattern)}.`);
  const parts = Object.entries(pattern).map(([key, expected]) =>
    compileField(key, expected, `${path}.${key}`),
  );
  return (event) => parts.every((part) => part(event));
}

function compileField(key: string, expected: unknown, path: string): EventMatcher {
  if (key === '$or' && Array.isArray(expected)) {
    const alternatives = expected.map((alternative, index) =>
      compileEventPattern(alternative, `${path}[${index}]`),
    );
    return (event) => alternatives.some((alternative) => alternative(event));
  }
  if (Array.isArray(expected)) {
    const matchers = expected.map((value) => compileValue(value, path));
    return (event) => {
      const found = fieldOf(event, key);
      const values = found === undefined ? [] : Array.isArray(found) ? found : [found];
      return matchers.some((matcher) => matcher(values));
    };
  }
  const nested = compileEventPattern(expected, path);
  return (event) => {
    const found = fieldOf(event, key);
    return Array.isArray(found) ? found.some(nested) : nested(found);
  };
}

function compileValue(expected: unknown, path: string): ValueMatcher {
  if (!isRecord(expected)) return (values) => values.includes(expected);
  const [[operator, argument] = ['', undefined], ...others] = Object.entries(expected);
  if (operator === 'exists' && typeof argument === 'boolean' && others.length === 0) {
    return (values) => values.length > 0 === argument;
  }
  if (operator === 'anything-but' && others.length === 0) {
    const refused = compileRefused(argument, path);
    return (values) => values.some((value) => !refused(value));
  }
  const accepts = others.length === 0 ? compileOperator(operator, argument) : undefined;
  if (accepts === undefined) {
    throw new TemplateError(
      `${path}: the operator ${JSON.stringify(expected)} is not supported by the local stack.`,
    );
  }
  return (values) => values.some(accepts);
}

function compileRefused(argument: unknown, path: string): (value: unknown) => boolean {
  if (!isRecord(argument)) return (value) => [argument].flat().includes(value);
  const [[operator, texts] = ['', undefined]] = Object.entries(argument);
  const refused = [texts].flat().map((text) => compileOperator(operator, text));
  if (refused.includes(undefined)) {
    throw new TemplateError(
      `${path}: anything-but ${JSON.stringify(argument)} is not supported by the local stack.`,
    );
  }
  return (value) => refused.some((accepts) => accepts?.(value));
}

function compileOperator(operator: string, argument: unknown): ((value: unknown) => boolean) | undefined {
  if (operator === 'numeric') return compileNumeric(argument);
  const folded = isRecord(argument) ? argument['equals-ignore-case'] : undefined;
  const ignoresCase = operator === 'equals-ignore-case' || folded !== undefined;
  const text = folded ?? argument;
  if (typeof text !== 'string') return undefined;
  const compare = textComparison(operator, ignoresCase ? text.toLowerCase() : text);
  return (
    compare && ((value) => typeof value === 'string' && compare(ignoresCase ? value.toLowerCase() : value))
  );
}

function textComparison(operator: string, wanted: string): ((value: string) => boolean) | undefined {
  switch (operator) {
    case 'prefix':
      return (value) => value.startsWith(wanted);
    case 'suffix':
      return (value) => value.endsWith(wanted);
    case 'equals-ignore-case':
      return (value) => value === wanted;
    case 'wildcard': {
      const expression = wildcardExpression(wanted);
      return (value) => expression.test(value);
    }
    default:
      return undefined;
  }
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcardExpression(pattern: string): RegExp {
  const source = pattern.replace(/\\[*\\]|[\s\S]/g, (token) => {
    if (token === '*') return '[\\s\\S]*';
    return (token.length === 2 ? token.slice(1) : token).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

function compileNumeric(argument: unknown): ((value: unknown) => boolean) | undefined {
  if (!Array.isArray(argument) || argument.length === 0) return undefined;
  const comparisons: (((value: number) => boolean) | undefined)[] = [];
  for (let index = 0; index < argument.length; index += 2) {
    comparisons.push(numericComparison(argument[index], argument[index + 1]));
  }
  if (comparisons.includes(undefined)) return undefined;
  return (value) => typeof value === 'number' && comparisons.every((compare) => compare?.(value));
}

function numericComparison(operator: unknown, bound: unknown): ((value: number) => boolean) | undefined {
  if (typeof bound !== 'number') return undefined;
  switch (operator) {
    case '=':
      return (value) => value === bound;
    case '<':
      return (value) => value < bound;
    case '<=':
      return (value) => value <= bound;
    case '>':
      return (value) => value > bound;
    case '>=':
      return (value) => value >= bound;
    default:
      return undefined;
  }
}

/** Rules */

const ruleSchema = z.object({
  EventPattern: z.unknown().optional(),
  EventBusName: z.string().default('default'),
  State: z.string().default('ENABLED'),
  ScheduleExpression: z.string().optional(),
  Targets: z
    .array(
      z.object({
        Id: z.string(),
        Arn: z.string(),
        Input: z.string().optional(),
        InputPath: z.string().optional(),
        InputTransformer: z.unknown().optional(),
        DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});

/** A target of a rule, with what it is sent of an event. */
interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  readonly deadLetterArn: string | undefined;
  readonly input: (event: unknown) => unknown;
}

/** An event rule that is switched on. */
export interface EventRule {
  readonly logicalId: string;
  readonly arn: string;
  readonly matches: EventMatcher;
  /** The names of buckets that the pattern asks for. */
  readonly bucketNames: readonly string[];
  readonly targets: readonly RuleTarget[];
}

/**
 * Reads the template's event rules. `RetryPolicy` needs no reading: it is about deliveries that fail for a while, which
 * the local stack has none of; how often a function is run again is in its own asynchronous settings.
 * @param warn called with one sentence for each rule or target that is left out.
 */
export function readRules(template: StackTemplate, warn: (sentence: string) => void): EventRule[] {
  return template.resources('AWS::Events::Rule').flatMap((resource) => {
    const rule = template.properties(resource, ruleSchema);
    if (rule.State === 'DISABLED') return [];
    if (rule.EventPattern === undefined || !/(^|\/)default$/.test(rule.EventBusName)) {
      warn(
        `The rule ${resource.logicalId} is left out: only event patterns on the default bus are supported locally.`,
      );
      return [];
    }
    const targets = rule.Targets.flatMap((target): RuleTarget[] => {
      const { Id: id, Arn: arn, Input, InputPath, InputTransformer, DeadLetterConfig } = target;
      if (InputTransformer !== undefined) {
        warn(
          `The target ${id} of ${resource.logicalId} is left out: InputTransformer is not supported locally.`,
        );
        return [];
      }
      return [
        { id, arn, deadLetterArn: DeadLetterConfig?.Arn, input: (event) => inputOf(event, Input, InputPath) },
      ];
    });
    return [
      {
        logicalId: resource.logicalId,
        arn: template.attribute(resource, 'Arn'),
        matches: compileEventPattern(rule.EventPattern, `${resource.logicalId}.EventPattern`),
        bucketNames: bucketNamesIn(rule.EventPattern),
        targets,
      },
    ];
  });
}

function inputOf(event: unknown, input: string | undefined, inputPath: string | undefined): unknown {
  if (input !== undefined) return JSON.parse(input);
  const path = (inputPath ?? '$').split('.').slice(1);
  return path.reduce<unknown>((value, key) => fieldOf(value, key), event);
}

function bucketNamesIn(pattern: unknown): string[] {
  const alternatives = [fieldOf(pattern, '$or'), fieldOf(fieldOf(pattern, 'detail'), '$or')].flat();
  const names = [fieldOf(fieldOf(fieldOf(pattern, 'detail'), 'bucket'), 'name')].flat();
  const nested = alternatives
    .filter((item) => item !== undefined)
    .flatMap((item) => bucketNamesIn(withDetail(item)));
  return [...new Set([...names.filter((name) => typeof name === 'string'), ...nested])];
}

/** An alternative inside `detail` has no `detail` of its own. */
function withDetail(alternative: unknown): unknown {
  return isRecord(alternative) && !('detail' in alternative) ? { detail: alternative } : alternative;
}

/** Where events go. */
export interface EventTargets {
  /** Hands an event to a function and returns at once; the sentence tells why it was not taken. */
  readonly invoke: (functionArn: string, payload: unknown) => string | undefined;
  readonly sendToQueue: SendToQueue;
}

/**
 * Sends an event to the targets of every rule that it matches. A target that cannot take it is EventBridge's failed
 * delivery: the event goes to the target's dead-letter queue.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
export async function dispatchEvent(
  event: unknown,
  rules: readonly EventRule[],
  targets: EventTargets,
  warn: (sentence: string) => void,
): Promise<void> {
  const deliveries = rules
    .filter((rule) => rule.matches(event))
    .flatMap((rule) => rule.targets.map((target) => ({ rule, target })));
  for (const { rule, target } of deliveries) {
    const problem = await deliver(target.arn, target.input(event), targets);
    if (problem === undefined) continue;
    warn(`The rule ${rule.logicalId} could not deliver an event to ${target.arn}: ${problem}`);
    if (target.deadLetterArn === undefined) continue;
    const attributes = {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.arn,
      ERROR_CODE: 'DELIVERY_FAILED',
      ERROR_MESSAGE: problem,
    };
    await targets.sendToQueue(target.deadLetterArn, JSON.stringify(event), attributes);
  }
}

async function deliver(arn: string, payload: unknown, targets: EventTargets): Promise<string | undefined> {
  if (arn.startsWith('arn:aws:lambda:')) return targets.invoke(arn, payload);
  if (!arn.startsWith('arn:aws:sqs:')) return 'only functions and queues are supported as targets locally.';
  return targets.sendToQueue(arn, JSON.stringify(payload)).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** Bucket notifications */

/** One notification of a bucket: which writes it tells of, and whom. */
export interface BucketNotification {
  readonly id: string;
  readonly bucket: string;
  /** A function's or a queue's. */
  readonly targetArn: string;
  readonly matches: (write: ObjectWrite) => boolean;
}

/** What the template says about the notifications of buckets. */
export interface BucketNotifications {
  readonly notifications: readonly BucketNotification[];
  /** The buckets that send their events to EventBridge. */
  readonly eventBridgeBuckets: ReadonlySet<string>;
}

const filterRules = z.array(z.object({ Name: z.string(), Value: z.string() })).default([]);
const customFilter = z.object({ Key: z.object({ FilterRules: filterRules }) }).optional();
const customTarget = { Id: z.string().optional(), Events: z.array(z.string()), Filter: customFilter };

/** What the custom resource of the CDK passes to PutBucketNotificationConfiguration. */
const customSchema = z.object({
  BucketName: z.string(),
  NotificationConfiguration: z.object({
    EventBridgeConfiguration: z.unknown().optional(),
    LambdaFunctionConfigurations: z
      .array(z.object({ ...customTarget, LambdaFunctionArn: z.string() }))
      .default([]),
    QueueConfigurations: z.array(z.object({ ...customTarget, QueueArn: z.string() })).default([]),
    TopicConfigurations: z.array(z.unknown()).default([]),
  }),
});

const nativeFilter = z.object({ S3Key: z.object({ Rules: filterRules }) }).optional();
const nativeTarget = { Event: z.string(), Filter: nativeFilter };
const nativeSchema = z.object({
  NotificationConfiguration: z
    .object({
      EventBridgeConfiguration: z.object({ EventBridgeEnabled: z.coerce.string() }).optional(),
      LambdaConfigurations: z.array(z.object({ ...nativeTarget, Function: z.string() })).default([]),
      QueueConfigurations: z.array(z.object({ ...nativeTarget, Queue: z.string() })).default([]),
      TopicConfigurations: z.array(z.unknown()).default([]),
    })
    .prefault({}),
});

/**
 * Reads the notifications of the template's buckets, and of imported buckets where a custom resource sets them.
 * @param warn called with one sentence for each bucket whose notifications go to SNS, which is left out.
 */
export function readNotifications(
  template: StackTemplate,
  warn: (sentence: string) => void,
): BucketNotifications {
  const found = [
    ...template.resources('AWS::S3::Bucket').map((bucket) => readNative(template, bucket)),
    ...template.resources('Custom::S3BucketNotifications').map((resource) => readCustom(template, resource)),
  ];
  for (const { bucket, topicCount } of found) {
    if (topicCount > 0)
      warn(`Notifications of the bucket ${bucket} to SNS topics are not supported locally.`);
  }
  return {
    notifications: found.flatMap(({ notifications }) => notifications),
    eventBridgeBuckets: new Set(
      found.filter(({ toEventBridge }) => toEventBridge).map(({ bucket }) => bucket),
    ),
  };
}

function readNative(template: StackTemplate, resource: Resource) {
  const bucket = template.physicalName(resource);
  const { NotificationConfiguration: settings } = template.properties(resource, nativeSchema);
  const functions = settings.LambdaConfigurations.map((item) => ({ ...item, targetArn: item.Function }));
  const queues = settings.QueueConfigurations.map((item) => ({ ...item, targetArn: item.Queue }));
  return {
    bucket,
    topicCount: settings.TopicConfigurations.length,
    toEventBridge: settings.EventBridgeConfiguration?.EventBridgeEnabled === 'true',
    notifications: [...functions, ...queues].map(({ Event, Filter, targetArn }, index) =>
      asNotification(
        { id: `${resource.logicalId}-${index}`, bucket, targetArn },
        [Event],
        Filter?.S3Key.Rules,
      ),
    ),
  };
}

function readCustom(template: StackTemplate, resource: Resource) {
  const { BucketName: bucket, NotificationConfiguration: settings } = template.properties(
    resource,
    customSchema,
  );
  const functions = settings.LambdaFunctionConfigurations.map((item) => ({
    ...item,
    targetArn: item.LambdaFunctionArn,
  }));
  const queues = settings.QueueConfigurations.map((item) => ({ ...item, targetArn: item.QueueArn }));
  return {
    bucket,
    topicCount: settings.TopicConfigurations.length,
    toEventBridge: settings.EventBridgeConfiguration !== undefined,
    notifications: [...functions, ...queues].map(({ Id, Events, Filter, targetArn }, index) => {
      const id = Id ?? `${resource.logicalId}-${index}`;
      return asNotification({ id, bucket, targetArn }, Events, Filter?.Key.FilterRules);
    }),
  };
}

function asNotification(
  name: Pick<BucketNotification, 'id' | 'bucket' | 'targetArn'>,
  events: readonly string[],
  filters: z.output<typeof filterRules> = [],
): BucketNotification {
  const wanted = events.map((event) => event.replace(/^s3:/, ''));
  const part = (rule: string) => filters.find(({ Name }) => Name.toLowerCase() === rule)?.Value ?? '';
  return {
    ...name,
    matches: ({ bucket, key, operation }) =>
      bucket === name.bucket &&
      wanted.some((event) => matchesEventName(event, notificationNames[operation])) &&
      key.startsWith(part('prefix')) &&
      key.endsWith(part('suffix')),
  };
}

function matchesEventName(wanted: string, eventName: string): boolean {
  return wanted.endsWith('*') ? eventName.startsWith(wanted.slice(0, -1)) : eventName === wanted;
}

/** Tells the target of every notification that a write matches. */
export async function notify(
  write: ObjectWrite,
  notifications: readonly BucketNotification[],
  targets: EventTargets,
  region: string,
  warn: (sentence: string) => void,
): Promise<void> {
  for (const notification of notifications.filter(({ matches }) => matches(write))) {
    const problem = await deliver(
      notification.targetArn,
      notificationEvent(write, region, notification.id),
      targets,
    );
    if (problem) warn(`The bucket ${write.bucket} could not notify ${notification.targetArn}: ${problem}`);
  }
}

/**
 * The message that S3 sends to a queue when notifications to it are set up.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function testEvent(bucket: string, nowMs: number): object {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(nowMs).toISOString(),
    Bucket: bucket,
    RequestId: randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
    HostId: 'local',
  };
}
