import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { describeValue } from '../functions/core/model/errors.ts';
import type { OptionsOf, WebhookSourceName } from '../functions/sources/registry.ts';
import type { SourceOptions } from '../functions/sources/webhook-options.ts';
import { ConfigError, check } from './settings/checks/check.ts';
import { strictObject } from './settings/checks/schema.ts';
import {
  validateWebhook,
  webhookFields,
  webhookSourceName,
  webhookSourceNames,
} from './settings/sources/webhook-settings.ts';

/** Options of every webhook. */
export interface WebhookProps {
  /**
   * Holds the string that the source signs with, as the source shows it; or a JSON list of such strings, of which any
   * may verify. Several secrets may be given, too.
   */
  readonly secret: ISecret | readonly ISecret[];
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
}

/** Options of a webhook of the given source. */
export type WebhookPropsOf<Source extends WebhookSourceName> = WebhookProps & OptionsOf<Source>;

class SignedWebhook {
  readonly source: WebhookSourceName;
  readonly name: string;
  readonly secrets: readonly ISecret[];
  readonly options: SourceOptions;
  readonly rememberDays: number | undefined;

  private constructor(source: WebhookSourceName, { secret, ...settings }: WebhookProps & SourceOptions) {
    const subject = 'The webhook';
    const fields = strictObject(webhookFields(check(webhookSourceName, source, subject)));
    const checked = check(fields, settings, subject, () => validateWebhook(source, settings)) as Omit<
      WebhookProps,
      'secret'
    > &
      SourceOptions;
    const { name = source, rememberDays, ...options } = checked;
    this.source = source;
    this.name = name;
    this.secrets = [secret].flat();
    this.options = options;
    this.rememberDays = rememberDays;
    if (this.secrets.length === 0) {
      throw new ConfigError(subject, [`\`secret\`: expected a secret, got ${describeValue(secret)}`]);
    }
  }

  /**
   * A webhook of the source with the given name.
   * @throws ConfigError for options that the source does not have
   */
  static of<Source extends WebhookSourceName>(source: Source, props: WebhookPropsOf<Source>): Webhook {
    return new SignedWebhook(source, props);
  }
}

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** A factory for each source, named after it: `Webhook.standardWebhooks({ secret })`. */
export type WebhookFactories = {
  readonly [Source in WebhookSourceName as CamelCase<Source>]: (props: WebhookPropsOf<Source>) => Webhook;
};

const factories = Object.fromEntries(
  webhookSourceNames.map((source) => [
    source.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    (props: WebhookPropsOf<typeof source>) => SignedWebhook.of(source, props),
  ]),
) as unknown as WebhookFactories;

/** A webhook that the purger receives and verifies. */
export type Webhook = SignedWebhook;

/** Makes webhooks: `Webhook.contentful({ secret })` and so on for each source, or `Webhook.of('contentful', { secret })`. */
export const Webhook: typeof SignedWebhook & WebhookFactories = Object.assign(SignedWebhook, factories);
