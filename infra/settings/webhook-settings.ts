import * as z from 'zod';
import type { OptionsOf, WebhookSourceName } from '../../functions/sources/registry.ts';
import { webhookFields, webhookSourceNames } from '../webhook.ts';
import { expected, strictObject } from './schema.ts';

/** A webhook in `infra/config.ts`: its source, its secret, and what its source lets one set. */
export type WebhookSettings = { [Source in WebhookSourceName]: SettingsOf<Source> }[WebhookSourceName];

type SettingsOf<Source extends WebhookSourceName> = OptionsOf<Source> & {
  readonly source: Source;
  /** Name or ARN of the secret that holds the text the source signs with; or several, of which any may verify. */
  readonly secret: string | readonly string[];
  /** The last part of its path, which rules can match on. Default: the source's name. */
  readonly name?: string;
  /** How long the URLs of an entry are remembered after its last event, in days; 0 is not at all. Default: 365. */
  readonly rememberDays?: number;
};

const sourceName = z.enum(
  webhookSourceNames,
  expected(webhookSourceNames.map((name) => `"${name}"`).join(' or ')),
);
const what = expected('the name or ARN of a secret, or a list of them');
const isName = (value: unknown) => typeof value === 'string' && value !== '';
const secret = z.custom<string | readonly string[]>((value) => {
  return isName(value) || (Array.isArray(value) && value.length > 0 && value.every(isName));
}, what);

/** The schema of {@link WebhookSettings}. */
export const webhookSettings = z
  .looseObject({ source: sourceName }, expected('{source, secret, name}'))
  .transform((settings, context): WebhookSettings => {
    const { source } = settings;
    const schema = strictObject({ source: sourceName, secret, ...webhookFields(source) });
    const result = schema.safeParse(settings, { reportInput: true });
    if (result.success) return result.data as unknown as WebhookSettings;
    for (const { path, message } of result.error.issues) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    return z.NEVER;
  });
