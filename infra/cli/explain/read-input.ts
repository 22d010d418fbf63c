import { describeValue } from '../../../functions/core/model/errors.ts';
import { isRecord } from '../../../functions/core/model/record.ts';
import type { ObjectChange, OriginChange } from '../../../functions/core/model/types.ts';
import { findSource, webhookSources } from '../../../functions/sources/registry.ts';
import { readS3Event } from '../../../functions/sources/s3/read-s3-event.ts';
import type { JsonObject } from '../../../functions/sources/toolkit/payload.ts';
import { suggestion } from '../../settings/checks/suggestion.ts';
import { readNamedFile } from '../read-file.ts';
import { UsageError } from '../usage-error.ts';
import type { ExplainedPurger, ExplainedWebhook } from './purger/explained-purger.ts';
import { s3EventsIn } from './s3-envelopes.ts';

/** The options of the command line. */
export interface InputOptions {
  /** Objects. */
  readonly subjects: readonly string[];
  readonly action?: string | undefined;
  readonly event?: string | undefined;
  /** What was on stdin, where it has the event. */
  readonly piped?: string | undefined;
  readonly source?: string | undefined;
  readonly webhook?: string | undefined;
  readonly header?: readonly string[] | undefined;
}

type Webhooks = Pick<ExplainedPurger, 'webhooks'>;

/** Changes to explain, and remarks on parts of an event that are not changes. */
export interface Input {
  readonly changes: readonly OriginChange[];
  /** Parts that led to no change, with the reason. */
  readonly remarks: readonly string[];
  /** Parts that cannot be read, with the reason: the function moves them to the dead letter queue. */
  readonly notUnderstood?: readonly string[];
  /** Webhooks that cannot be read, with the reason: the function refuses them. */
  readonly refused?: readonly string[];
}

/**
 * Reads what to explain with the same code as the functions; signatures are not verified.
 * @throws UsageError for input that cannot be understood
 */
export function readInput(options: InputOptions, { webhooks }: Webhooks, nowMs: number): Input {
  const { subjects, event, action } = options;
  if (subjects.length > 0 && event !== undefined) {
    throw new UsageError('Expected s3://BUCKET/KEY or --event, got both');
  }
  if (subjects.length > 0) {
    return { changes: subjects.map((subject) => readObject(subject, action ?? 'put', nowMs)), remarks: [] };
  }
  if (event === undefined) throw new UsageError('Expected s3://BUCKET/KEY, a URL or --event, got none');
  if (action !== undefined)
    throw new UsageError('--action is for s3://BUCKET/KEY: an event says what happened');
  const json = readJson(event, options.piped);
  const s3Events = s3EventsOf(json, options);
  if (s3Events !== undefined) return readS3(s3Events);
  if (!isRecord(json)) {
    throw new UsageError(
      `Expected ${event} to hold an event of S3, a list of these or a webhook, got ${describeValue(json)}`,
    );
  }
  return readWebhook(json, options, webhooks, nowMs);
}

/**
 * @returns the change of an object
 * @throws UsageError where it is not an object, or not an action
 */
export function readObject(url: string, action: string, nowMs: number): ObjectChange {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/([\s\S]+)$/.exec(url) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new UsageError(
      `Expected an object such as s3://bucket/key, or a URL such as https://host/path, got ${describeValue(url)}`,
    );
  }
  if (action !== 'put' && action !== 'delete') {
    throw new UsageError(`Expected --action to be put or delete, got ${describeValue(action)}`);
  }
  return { source: 's3', action, id: url, bucket, key, occurredAt: new Date(nowMs).toISOString() };
}

/**
 * @returns what the IDs of the objects of a folder begin with: `s3://bucket/prefix/`
 * @throws UsageError where it is something else
 */
export function readPrefix(prefix: string | undefined): string {
  const [, bucket, keys = ''] = /^s3:\/\/([^/]+)\/?([\s\S]*)$/.exec(prefix ?? '') ?? [];
  if (bucket === undefined) {
    throw new UsageError(
      `Expected --prefix to be s3://BUCKET or s3://BUCKET/PREFIX, got ${describeValue(prefix)}`,
    );
  }
  return `s3://${bucket}/${keys === '' || keys.endsWith('/') ? keys : `${keys}/`}`;
}

function readJson(file: string, piped: string | undefined): unknown {
  const text = piped ?? readNamedFile('--event', file, 'a JSON file');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `Expected --event to be a JSON file, but ${piped === undefined ? file : 'what is on stdin'} is not: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** @returns the events of S3 in a file, as the function gets them; undefined where it holds a webhook */
function s3EventsOf(json: unknown, { source, webhook }: InputOptions): readonly unknown[] | undefined {
  if (source !== undefined) return source === 's3' ? (s3EventsIn(json) ?? [json]) : undefined;
  if (webhook !== undefined || (isRecord(json) && json.webhook !== undefined)) return undefined;
  return s3EventsIn(json);
}

function readS3(events: readonly unknown[]): Input {
  const readings = events.map(readS3Event);
  const describe = ({ name, reason }: { readonly name: string; readonly reason: string }) =>
    `${name}: ${reason}`;
  return {
    changes: readings.flatMap(({ changes }) => changes),
    remarks: readings.flatMap(({ ignored }) => ignored).map(describe),
    notUnderstood: readings.flatMap(({ notUnderstood }) => notUnderstood).map(describe),
  };
}

function readWebhook(
  json: JsonObject,
  input: InputOptions,
  webhooks: Webhooks['webhooks'],
  nowMs: number,
): Input {
  const stated = input.webhook ?? (typeof json.webhook === 'string' ? json.webhook : undefined);
  const { source, name, options } = findWebhook(input.source, stated, webhooks);
  const reader = findSource(source);
  if (reader === undefined) {
    const meant = suggestion(source, ['s3', ...Object.keys(webhookSources)]);
    throw new UsageError(
      `Expected --source to be the name of a source, got ${describeValue(source)}${meant}`,
    );
  }
  const reading = reader.read(
    { method: 'POST', path: `/webhooks/${name}`, ...readRequest(json, input.header ?? []) },
    { webhook: name, nowMs, options },
  );
  switch (reading.kind) {
    case 'changes':
      return { changes: reading.changes, remarks: [] };
    case 'ignored':
      return { changes: [], remarks: [reading.reason] };
    case 'malformed':
      return { changes: [], remarks: [], refused: [reading.message] };
  }
}

/** The webhook that the command line refers to, completed by the configuration. */
function findWebhook(
  source: string | undefined,
  name: string | undefined,
  known: Webhooks['webhooks'],
): ExplainedWebhook {
  const found = known.find(
    (webhook) => (source ?? webhook.source) === webhook.source && (name ?? webhook.name) === webhook.name,
  );
  if (found !== undefined && (source ?? name) !== undefined) return { ...found, name: name ?? found.name };
  if (source !== undefined) return { source, name: name ?? source, options: {} };
  if (name !== undefined) {
    const meant = suggestion(
      name,
      known.map((webhook) => webhook.name),
    );
    throw new UsageError(
      `Expected --webhook to be the name of a webhook of the configuration, got ${describeValue(name)}${meant}`,
    );
  }
  const names = known.map((webhook) => `\`${webhook.name}\``).join(', ');
  const ofWebhooks = names === '' ? '' : `--webhook with the name of the webhook (one of ${names}), or `;
  throw new UsageError(
    `Expected --event to be an event of S3, or ${ofWebhooks}--source with the kind of CMS that sent it, got neither`,
  );
}

/** The headers and the body of a request: as in the samples in `events/`, as Lambda receives them, or only a body. */
function readRequest(json: JsonObject, given: readonly string[]) {
  const isRequest = isRecord(json.headers) && json.body !== undefined;
  const { headers = {}, body } = isRequest ? json : { body: json };
  const encoding = isRequest && json.isBase64Encoded === true ? 'base64' : 'utf8';
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const pairs = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    headers: Object.fromEntries([...pairs, ...given.map(readHeader)]) as Record<string, string>,
    body: Buffer.from(content, encoding),
  };
}

function readHeader(header: string): readonly [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(header) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`Expected --header to be 'NAME: VALUE', got ${describeValue(header)}`);
  }
  return [name.toLowerCase(), value];
}
