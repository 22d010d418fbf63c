import { isUtf8 } from 'node:buffer';
import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import {
  actionsOf,
  changeOf,
  isPublicEnvironment,
  otherEnvironment,
  withFields,
} from '../toolkit/entry-change.ts';
import { deliveryLimits } from '../toolkit/limits.ts';
import { readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import {
  acceptedUntil,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
} from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type VerificationResult, type WebhookRequest } from '../webhook-source.ts';

const signatureHeader = 'gcms-signature';
const signatureParts = /^sign=([^,\s]{1,200}),\s*env=([^,]{0,100}),\s*t=(\d{1,15})$/;
const policy = { header: `${signatureHeader} (t)`, unit: 'milliseconds', toleranceSeconds: 300 } as const;
const actions = actionsOf({ put: ['create', 'update', 'publish'], delete: ['unpublish', 'delete'] });

/**
 * Hygraph. What is signed is a JSON of the body as a string, the environment's name and the time. One change for
 * each of `data.localizations`, whose fields replace those of `data`; `{type}` is `data.__typename`.
 * @see https://hygraph.com/docs/api-reference/basics/webhooks and npm @hygraph/utils
 */
export const hygraph = defineJsonSource({
  name: 'hygraph',
  mainEnvironment: 'master',
  canPut: true,
  options: ['environments', 'drafts'],
  verify,
  keyOf: 'customer',
  read,
});

function verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): VerificationResult {
  const value = headerOf(request, signatureHeader);
  if (!value) return refused(`the header ${signatureHeader} is missing`);
  const [, signature, environment, timestamp] = signatureParts.exec(value) ?? [];
  if (signature === undefined || environment === undefined || timestamp === undefined) {
    return refused(`the header ${signatureHeader} is not "sign=…, env=…, t=…"`);
  }
  const problem = timestampProblem(timestamp, policy, nowMs);
  if (problem !== undefined) return refused(problem);
  const { escapedBytes } = deliveryLimits;
  if (request.body.length > escapedBytes) {
    const reason = `the body has ${request.body.length} bytes, of this source at most ${escapedBytes} are verified`;
    return { verified: false, reason, isTooLarge: true };
  }
  // Bytes that are not UTF-8 would be signed as what they are replaced by.
  if (!isUtf8(request.body)) return refused('the body is not UTF-8');
  const keys = secrets.filter((secret) => secret !== '');
  if (keys.length === 0) return refused('no secret has the form of a key');
  const others = JSON.stringify({
    EnvironmentName: environment,
    TimeStamp: parseTimestampMs(timestamp, 'milliseconds'),
  });
  const signed = ['{"Body":"', ...escapedParts(request.body), '",', others.slice(1)];
  const isSigned = keys.some((key) =>
    equalInConstantTime(signature, hmac('sha256', key, ...signed).toString('base64')),
  );
  if (!isSigned) return refused('the signature does not match');
  return acceptedUntil(Number(timestamp) + policy.toleranceSeconds * 1000, signature);
}

/** Bytes that are escaped at once: the string of a whole body would take several times its memory. */
const partBytes = 16 * 1024;

/**
 * @param body UTF-8
 * @returns the bytes of a JSON string of it, without its quotes. Each byte is taken for a letter: JSON escapes only letters
 *   of ASCII, and those are the same in UTF-8
 */
function escapedParts(body: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, index) => {
    const part = bytes.toString('latin1', index * partBytes, (index + 1) * partBytes);
    return Buffer.from(JSON.stringify(part).slice(1, -1), 'latin1');
  });
}

function read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading {
  const environment = signatureParts.exec(headerOf(request, signatureHeader) ?? '')?.[2] || 'master';
  if (!isPublicEnvironment(context.options, environment, ['master'])) {
    return ignored(otherEnvironment(environment));
  }
  const operation = stringAt(body, 'operation') ?? '';
  const action = actions.get(operation);
  const data = objectAt(body, 'data');
  const id = idAt(data, 'id');
  const type = stringAt(data, '__typename');
  if (id === undefined) return readingOfUnnamed(context, unexpected('data.id', 'a string', data.id), type);
  if (action === undefined) return readingOfUnknownEvent(context, operation, { id, type });
  const stage = stringAt(data, 'stage') ?? 'PUBLISHED';
  // An unpublish may name the draft that is left, and a delete any stage.
  const stages = operation === 'unpublish' ? ['PUBLISHED', 'DRAFT'] : ['PUBLISHED'];
  const isDraft = operation === 'create' || (operation !== 'delete' && !stages.includes(stage));
  if (isDraft && context.options.drafts !== true)
    return ignored(`${operation} in the stage ${stage.slice(0, 40)}`);
  const { localizations: _, ...fields } = data;
  const change = (localization: JsonObject) =>
    changeOf(context, {
      action,
      id,
      type,
      locale: stringAt(localization, 'locale') ?? stringAt(data, 'locale'),
      // A delete is of every locale, whichever the payload names.
      affectsAllLocales: operation === 'delete',
      // What is gone names the draft that is left, which was changed last before it was published.
      times: action === 'put' ? [data.publishedAt, data.updatedAt] : [],
      entry: withFields(context, fields, localization),
      metadata: { environment },
    });
  const localizations = listAt(data, 'localizations').filter(isRecord);
  return { kind: 'changes', changes: localizations.length === 0 ? [change({})] : localizations.map(change) };
}
