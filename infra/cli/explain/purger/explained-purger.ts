import type { Limits } from '../../../../functions/core/limits/limits.ts';
import type { MappingConfig } from '../../../../functions/core/mapping/rule.ts';
import type { ObjectFilter } from '../../../../functions/core/model/objects/object-filter.ts';
import type { Planning } from '../../../../functions/core/planning/plan.ts';
import type { WebhookConfig } from '../../../../functions/receive-webhook/receive-webhook.ts';
import type { SourceOptions } from '../../../../functions/sources/webhook-options.ts';
import { limitsOf } from '../../../settings/limits-settings.ts';
import { planningOf } from '../../../settings/planning-settings.ts';
import type { PurgerConfig } from '../../../settings/purger-config.ts';
import { type CompleteSettings, completeSettings, mappingOf } from '../../../settings/settings.ts';
import { allObjects, watchedObjects } from './watched-objects.ts';

/** What has to be known of a purger to explain what it does. */
export interface ExplainedPurger {
  readonly mapping: MappingConfig;
  readonly limits: Limits;
  readonly planning: Planning;
  /** The objects whose changes arrive. */
  readonly watched: readonly ObjectFilter[];
  readonly webhooks: readonly ExplainedWebhook[];
}

/** A webhook, as far as its payloads are read by it. */
export interface ExplainedWebhook {
  readonly name: string;
  readonly source: string;
  readonly options: SourceOptions;
}

/** @returns what a configuration says */
export function purgerOfConfig(config: PurgerConfig): ExplainedPurger {
  const { webhooks = [] } = config;
  return {
    ...purgerOfSettings(completeSettings(config)),
    watched: watchedObjects(config),
    webhooks: webhooks.map(({ source, secret: _, name = source, rememberDays: __, ...options }) => {
      return { source, name, options: options as SourceOptions };
    }),
  };
}

/** @returns what rules and settings say alone: all objects are taken to arrive */
export function purgerOfSettings(settings: CompleteSettings): ExplainedPurger {
  return {
    mapping: mappingOf(settings),
    limits: limitsOf(settings),
    planning: planningOf(settings),
    watched: allObjects,
    webhooks: [],
  };
}

/** @returns the webhooks of a receiver's environment, as far as payloads are read by them */
export function explainedWebhooks(
  webhooks: Readonly<Record<string, Pick<WebhookConfig, 'source' | 'options'>>>,
): readonly ExplainedWebhook[] {
  return Object.entries(webhooks).map(([name, { source, options = {} }]) => ({ name, source, options }));
}
