import { isUtf8 } from 'node:buffer';
import type { ChangeAction } from '../../core/model/types.ts';
import {
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
  VERIFIED,
} from '../toolkit/crypto.ts';
import { changeOf, isPublicEnvironment, otherEnvironment } from '../toolkit/entry-change.ts';
import {
  idAt,
  isJsonObject,
  listAt,
  objectAt,
  parseJsonObject,
  textAt,
  unexpected,
} from '../toolkit/payload.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type VerificationResult,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'hygraph';
const SIGNATURE = 'gcms-signature';
const SIGNATURE_PARTS = /^sign=([^,\s]{1,200}),\s*env=([^,]{0,100}),\s*t=(\d{1,15})$/;
const POLICY = { header: `${SIGNATURE} (t)`, unit: 'milliseconds', toleranceSeconds: 300 } as const;
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['create', 'put'],
  ['update', 'put'],
  ['publish', 'put'],
  ['unpublish', 'delete'],
  ['delete', 'delete'],
]);

/**
 * Hygraph. What is signed is a JSON of the body as a text, the environment's name and the time. One change for each
 * of `data.localizations`, whose fields stand over those of `data`; `{type}` is `data.__typename`.
 * @see https://hygraph.com/docs/api-reference/basics/webhooks and npm @hygraph/utils
 */
export const hygraph = defineSource({
  name: NAME,
  options: ['environments', 'drafts'],
  verify,
  read,
});

function verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): VerificationResult {
  const value = headerOf(request, SIGNATURE);
  if (!value) return refused(`the header ${SIGNATURE} is missing`);
  const [, stated, environment, timestamp] = SIGNATURE_PARTS.exec(value) ?? [];
  if (stated === undefined || environment === undefined || timestamp === undefined) {
    return refused(`the header ${SIGNATURE} is not "sign=…, env=…, t=…"`);
  }
  const fault = timestampProblem(timestamp, POLICY, nowMs);
  if (fault !== undefined) return refused(fault);
  // Bytes that are no UTF-8 would be signed as what they are replaced by.
  if (!isUtf8(request.body)) return refused('the body is not UTF-8');
  const keys = secrets.filter((secret) => secret !== '');
  if (keys.length === 0) return refused('no secret has the form of a key');
  const signed = JSON.stringify({
    Body: Buffer.from(request.body).toString('utf8'),
    EnvironmentName: environment,
    TimeStamp: parseTimestampMs(timestamp, 'milliseconds'),
  });
  const verified = keys.some((key) =>
    equalInConstantTime(stated, hmac('sha256', key, signed).toString('base64')),
  );
  return verified ? VERIFIED : refused('the signature does not match');
}

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const environment = SIGNATURE_PARTS.exec(headerOf(request, SIGNATURE) ?? '')?.[2] || 'master';
  if (!isPublicEnvironment(context.options, environment, ['master'])) {
    return ignored(otherEnvironment(environment));
  }
  const operation = textAt(body, 'operation') ?? '';
  const action = ACTIONS.get(operation);
  if (action === undefined) return unexpected('operation', 'a text such as "publish"', body.operation);
  const data = objectAt(body, 'data');
  const id = idAt(data, 'id');
  if (id === undefined) return unexpected('data.id', 'a text', data.id);
  const stage = textAt(data, 'stage') ?? 'PUBLISHED';
  // An unpublish names the draft that is left; a delete may name any stage.
  const isDraft = action === 'put' && (stage !== 'PUBLISHED' || operation === 'create');
  if (isDraft && context.options.drafts !== true)
    return ignored(`${operation} in the stage ${stage.slice(0, 40)}`);
  const { localizations: _, ...fields } = data;
  const change = (localization: Readonly<Record<string, unknown>>) =>
    changeOf(NAME, context, {
      action,
      id,
      type: textAt(data, '__typename'),
      locale: textAt(localization, 'locale') ?? textAt(data, 'locale'),
      times: [data.publishedAt, data.updatedAt],
      entry: { ...fields, ...localization },
      metadata: { environment },
    });
  const localizations = listAt(data, 'localizations').filter(isJsonObject).slice(0, 500);
  return { kind: 'changes', changes: localizations.length === 0 ? [change({})] : localizations.map(change) };
}
