import { constants, createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import {
  actionsOf,
  changeOf,
  isPublicEnvironment,
  otherEnvironment,
  urlFields,
} from '../toolkit/entry-change.ts';
import { readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, objectAt, parseBody, stringAt, unexpected } from '../toolkit/payload.ts';
import { acceptedUntil, decodeBase64, headerOf, refused } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { isoDateOf } from '../toolkit/time.ts';
import { ignored, type Reading, type VerificationResult, type WebhookRequest } from '../webhook-source.ts';

const signatureHeader = 'x-contentstack-request-signature';
/** Its fourth retry comes 780 s after the event, and carries the event's time. */
const toleranceSeconds = 900;
const actions = actionsOf({ put: ['publish'], delete: ['unpublish', 'delete'] });
const mainEnvironment = 'production';
const draftVerbs: ReadonlySet<string> = new Set(['create', 'update', 'workflow_stage_change']);

/**
 * Contentstack, which signs with its own private key: the secret is its public key in PEM, `signing-key` of
 * `https://app.contentstack.com/.well-known/public-keys.json` (or the host of your region). The body's
 * `triggered_at` tells how old a request is. `{url}` is the entry's, `{type}` the content type's uid.
 * @see https://www.contentstack.com/docs/developers/set-up-webhooks/secure-your-webhooks
 */
export const contentstack = defineJsonSource({
  name: 'contentstack',
  mainEnvironment,
  mainBranch: 'main',
  options: ['environments', 'drafts', 'stack'],
  verify,
  keyOf: 'vendor',
  pin: { option: 'stack', customerOf: (body) => stringAt(body, 'api_key') },
  read,
});

function verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): VerificationResult {
  const value = headerOf(request, signatureHeader);
  if (!value) return refused(`the header ${signatureHeader} is missing`);
  const signature = value.startsWith('v1=') && value.length < 2048 ? decodeBase64(value.slice(3)) : undefined;
  if (signature === undefined) return refused(`the header ${signatureHeader} is not "v1=" and base64`);
  const keys = secrets.map(publicKeyOf).filter((key) => key !== undefined);
  if (keys.length === 0) return refused('no secret is a public key in PEM');
  if (!keys.some((key) => isSignedBy(key, request.body, signature))) {
    return refused('the signature does not match');
  }
  // Only now that the bytes are genuine are they parsed for their age.
  const parsed = parseBody(request.body);
  const triggeredAt = parsed.kind === 'parsed' ? isoDateOf(parsed.value.triggered_at) : undefined;
  if (triggeredAt === undefined) return refused('the body has no `triggered_at`');
  const ageSeconds = (nowMs - Date.parse(triggeredAt)) / 1000;
  if (Math.abs(ageSeconds) <= toleranceSeconds) {
    // Each attempt has a signature of its own, and the time of the event.
    return acceptedUntil(Date.parse(triggeredAt) + toleranceSeconds * 1000, request.body);
  }
  return refused(`the event is ${ageSeconds} s old, at most ${toleranceSeconds} s is accepted`);
}

function isSignedBy(key: KeyObject, body: Uint8Array, signature: Buffer): boolean {
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return verifySignature('sha256', body, pss, signature);
}

function publicKeyOf(secret: string): KeyObject | undefined {
  try {
    // Secrets that were entered on one line have their line ends escaped.
    const key = createPublicKey(secret.replaceAll('\\n', '\n'));
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

function read(body: JsonObject, context: SourceContext): Reading {
  const event = stringAt(body, 'event');
  if (event === undefined) return unexpected('event', 'a string such as "publish"', body.event);
  const [verb = '', phase = 'success'] = event.split('.', 2);
  const module = stringAt(body, 'module') ?? '';
  const isDraft = draftVerbs.has(verb);
  const action = actions.get(verb) ?? (isDraft ? 'put' : undefined);
  const isDone = phase === 'success' && (stringAt(body, 'data', 'status') ?? 'success') === 'success';
  const isIgnored = isDraft && context.options.drafts !== true;
  if (isIgnored || !isDone || (module !== 'entry' && module !== 'asset')) {
    return ignored(
      `${event.slice(0, 40)} of ${module.slice(0, 40)} is not an event that changes published content`,
    );
  }
  const data = objectAt(body, 'data');
  const environment = stringAt(data, 'environment', 'name');
  if (environment !== undefined && !isPublicEnvironment(context.options, environment, [mainEnvironment])) {
    return ignored(otherEnvironment(environment));
  }
  const entry = objectAt(data, module);
  const id = idAt(entry, 'uid');
  const type = module === 'asset' ? 'asset' : stringAt(data, 'content_type', 'uid');
  if (id === undefined) {
    return readingOfUnnamed(context, unexpected(`data.${module}.uid`, 'a string', entry.uid), type);
  }
  if (action === undefined) return readingOfUnknownEvent(context, event, { id, type });
  const change = (name: string | undefined) =>
    changeOf(context, {
      action,
      id,
      type,
      // A delete names one locale and ends the entry in each.
      affectsAllLocales: verb === 'delete',
      locale:
        stringAt(data, 'locale') ?? stringAt(entry, 'locale') ?? stringAt(entry, 'publish_details', 'locale'),
      times: [body.triggered_at],
      entry,
      // An alias of the branch can be moved to another one.
      metadata: { ...urlFields(entry.url), environment: name, branch: stringAt(data, 'branch', 'uid') },
    });
  // A delete names no environment, and ends the entry in each.
  const { environments = [] } = context.options;
  const isOfAll = environment === undefined && environments.length > 1;
  return { kind: 'changes', changes: (isOfAll ? environments : [environment]).map(change) };
}
