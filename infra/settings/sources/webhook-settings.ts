import * as z from 'zod';
import { compilePattern } from '../../../functions/core/mapping/patterns/pattern.ts';
import { PatternError } from '../../../functions/core/mapping/patterns/tokens.ts';
import { describeValue } from '../../../functions/core/model/errors.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import {
  type OptionsOf,
  type WebhookSourceName,
  webhookSources,
} from '../../../functions/sources/registry.ts';
import type { SourceOptions } from '../../../functions/sources/webhook-options.ts';
import type { WebhookSource } from '../../../functions/sources/webhook-source.ts';
import { expected, nonEmptyString, strictObject, trueOrFalse, wholeNumber } from '../checks/schema.ts';
import { suggestion } from '../checks/suggestion.ts';
import type { ValidationIssue } from '../checks/validation-issue.ts';
import { oneOrMoreSecrets, type SecretSettings } from './secret-settings.ts';

/** A webhook in `infra/config.ts`: its source, its secret, and what its source lets one set. */
export type WebhookSettings = { [Source in WebhookSourceName]: SettingsOf<Source> }[WebhookSourceName];

type SettingsOf<Source extends WebhookSourceName> = OptionsOf<Source> & {
  readonly source: Source;
  /**
   * The secret that holds the string the source signs with: its name or whole ARN, or `{ name, keyArn }` where a key of
   * yours encrypts it; or several, of which any may verify.
   */
  readonly secret: SecretSettings | readonly SecretSettings[];
  /**
   * The last part of its path, which rules can match on.
   * @default the source's name
   */
  readonly name?: string;
  /**
   * How long the URLs of an entry are remembered after its last event, in days; 0 is not at all.
   * @default 365
   */
  readonly rememberDays?: number;
};

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const header = nonEmptyString('a header name')
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, expected('a header name'))
  .transform((name) => name.toLowerCase());
const stringArray = (what: string) =>
  z.array(nonEmptyString(`a ${what}`), expected(`a list of ${what}s`)).min(1, expected(`a ${what} at least`));
const oneOf = <const Value extends string>(...values: readonly Value[]) =>
  z.enum(values, expected(values.map((value) => `"${value}"`).join(' or ')));

const pattern = nonEmptyString('a pattern').superRefine((value, context) => {
  try {
    compilePattern(value);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const hmac = strictObject({
  kind: z.literal('hmac'),
  header,
  hash: oneOf('sha1', 'sha256', 'sha384', 'sha512').optional(),
  encoding: oneOf('hex', 'base64', 'base64url').optional(),
  prefix: nonEmptyString('a prefix').optional(),
  parameter: nonEmptyString('the name of a parameter').optional(),
  separator: nonEmptyString('a separator').optional(),
  key: oneOf('text', 'base64', 'hex').optional(),
  keyPrefix: nonEmptyString('a prefix').optional(),
  template: nonEmptyString('a template')
    .regex(/\{body\}/, expected('a template with {body} in it'))
    .optional(),
  id: header.optional(),
  timestamp: strictObject({
    header: header.optional(),
    parameter: nonEmptyString('the name of a parameter').optional(),
    unit: oneOf('seconds', 'milliseconds').optional(),
    toleranceSeconds: wholeNumber(1, 86_400).optional(),
  }).optional(),
}).superRefine(({ template = '{body}', timestamp, id, parameter }, context) => {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (timestamp === undefined) {
    if (template.includes('{timestamp}')) refuse(['timestamp'], missingFor('{timestamp}', template));
  } else if (!template.includes('{timestamp}')) {
    const message = `expected \`{timestamp}\` in \`template\`, since a time that is not signed proves nothing, got "${template}"`;
    refuse(['timestamp'], message);
  } else if (timestamp.header === undefined) {
    if (timestamp.parameter === undefined)
      refuse(['timestamp'], 'expected `header` or `parameter`, got neither');
    else if (parameter === undefined) {
      const message = 'expected `parameter` of the signature, too, which is in the same list, got nothing';
      refuse(['timestamp', 'parameter'], message);
    }
  }
  if (id === undefined && template.includes('{id}')) refuse(['id'], missingFor('{id}', template));
});

/** Without it, every delivery would be refused. */
function missingFor(token: string, template: string): string {
  return `expected where \`${token}\` is, which \`template\` signs, got nothing next to "${template}"`;
}

const sharedSecret = strictObject({
  kind: z.literal('secret'),
  in: oneOf('header', 'basic', 'query', 'body'),
  name: nonEmptyString('a name').optional(),
}).transform((scheme, context) => {
  if (scheme.in !== 'header' || scheme.name === undefined) return scheme;
  // As Lambda gets it.
  const name = header.safeParse(scheme.name, { reportInput: true });
  if (name.success) return { ...scheme, name: name.data };
  for (const { message } of name.error.issues) context.addIssue({ code: 'custom', path: ['name'], message });
  return z.NEVER;
});

const location = z.union(
  [
    nonEmptyString('a path of keys'),
    z.strictObject({ header: nonEmptyString('a header name') }),
    z.strictObject({ query: nonEmptyString('a query parameter') }),
  ],
  expected('a path of keys, {header} or {query}'),
);
const payload = strictObject({
  entries: nonEmptyString('a path of keys').optional(),
  id: location.optional(),
  type: location.optional(),
  slug: location.optional(),
  locale: location.optional(),
  url: location.optional(),
  environment: location.optional(),
  occurredAt: location.optional(),
  fields: nonEmptyString('a path of keys').optional(),
  previous: nonEmptyString('a path of keys').optional(),
  action: location.optional(),
  deletes: stringArray('value').optional(),
  puts: stringArray('value').optional(),
  ignores: stringArray('value').optional(),
}).superRefine(({ action, ...map }, context) => {
  if (action !== undefined) return;
  for (const name of ['deletes', 'puts', 'ignores'] as const) {
    if (map[name] === undefined) continue;
    const message = `expected \`action\` with it, which says where such a value is, got nothing`;
    context.addIssue({ code: 'custom', path: [name], message });
  }
});

/** The schema of each option of any source. */
const optionSchemas: { readonly [Name in keyof Required<SourceOptions>]: z.ZodType } = {
  environments: stringArray('name of an environment'),
  drafts: trueOrFalse,
  branches: stringArray('branch'),
  files: z.array(pattern, expected('a list of patterns')).min(1, expected('a pattern at least')),
  sweep: trueOrFalse,
  header,
  publicStatuses: stringArray('status'),
  stack: z.union(
    [nonEmptyString('the API key of a stack'), stringArray('stack')],
    expected('the API key of a stack, or a list of them'),
  ),
  verification: z.discriminatedUnion(
    'kind',
    [hmac, sharedSecret],
    expected('{kind: "hmac", …} or {kind: "secret", …}'),
  ),
  payload,
};

/** The names of the sources whose webhooks can be received. */
export const webhookSourceNames = Object.keys(webhookSources) as [WebhookSourceName, ...WebhookSourceName[]];

/** The schema of a source's name. */
export const webhookSourceName = z.enum(webhookSourceNames, {
  error: (issue) =>
    issue.input === 'sns'
      ? '"sns" is retired: name the topic in `topics`'
      : `expected the name of a source, got ${describeValue(issue.input)}${suggestion(typeof issue.input === 'string' ? issue.input : '', webhookSourceNames)}`,
});

/** @returns the schemas of the options of a webhook of that source, without its secret */
export function webhookFields(source: WebhookSourceName) {
  const { options: names, pin }: WebhookSource = webhookSources[source];
  const options = names.map((name) => {
    const isRequired = name === pin?.option || (source === 'generic' && name === 'verification');
    return [name, isRequired ? optionSchemas[name] : optionSchemas[name].optional()] as const;
  });
  return {
    name: nonEmptyString('a name')
      .regex(/^[A-Za-z0-9_-]{1,64}$/, expected('1 to 64 letters, digits, "-" and "_"'))
      .optional(),
    rememberDays: wholeNumber(0, 3650).optional(),
    ...Object.fromEntries(options),
  };
}

const settingsBySource = new Map<WebhookSourceName, ReturnType<typeof strictObject>>();

/** @returns the schema of a webhook of that source; there may be a hundred of one source, and a schema takes a while to build */
function settingsOf(source: WebhookSourceName) {
  const schema =
    settingsBySource.get(source) ??
    strictObject({ source: webhookSourceName, secret: oneOrMoreSecrets, ...webhookFields(source) });
  settingsBySource.set(source, schema);
  return schema;
}

/**
 * @param options of a webhook of the source
 * @returns an issue where every delivery would be ignored
 */
export function validateWebhook(source: WebhookSourceName, options: unknown): readonly ValidationIssue[] {
  const { environments, payload } = recordOf(options) ?? {};
  const isAsked = Array.isArray(environments) && !environments.includes('*');
  if (source !== 'generic' || !isAsked || recordOf(payload)?.environment !== undefined) return [];
  const message = 'expected `payload.environment` with it, which says where its name is, got nothing';
  return [{ path: ['environments'], message }];
}

/** The schema of {@link WebhookSettings}. */
export const webhookSettings = z
  .looseObject({ source: webhookSourceName }, expected('{source, secret, name}'))
  .transform((settings, context): WebhookSettings => {
    const { source } = settings;
    const result = settingsOf(source).safeParse(settings, { reportInput: true });
    const issues = [...(result.error?.issues ?? []), ...validateWebhook(source, settings)];
    if (result.success && issues.length === 0) return result.data as unknown as WebhookSettings;
    for (const { path, message } of issues) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    return z.NEVER;
  });
