// The exports of the package `cdn-pro-purger`: the only barrel, since a package needs an entry.

export type { TokenUnit } from '../functions/core/limits/limits.ts';
export type { ConfiguredQuota, Tokens } from '../functions/core/limits/quota.ts';
export type { RateLimit } from '../functions/core/limits/window.ts';
export type { Conditions, Match, Purge, Rule } from '../functions/core/mapping/rule.ts';
export type { FileHeaders } from '../functions/core/mapping/urls/header-sets.ts';
export type { Pages } from '../functions/core/mapping/urls/pages.ts';
export type { ChangeAction, Lane, PurgeAction, Target } from '../functions/core/model/types.ts';
export type { CacheKey } from '../functions/core/planning/cache-key.ts';
export type { OptionsOf, WebhookSourceName } from '../functions/sources/registry.ts';
export { CdnPurger, type CdnPurgerProps, type PurgerFunctions } from './cdn-purger.ts';
export type { CdnPurgerAttributes, ICdnPurger } from './purger-base.ts';
export type { AlarmFields, AlarmSettings } from './settings/alarm-settings.ts';
export { ConfigError } from './settings/check.ts';
export type { DataProtectionProps } from './settings/data-protection-settings.ts';
export type { SharedLedgerSettings } from './settings/ledger-settings.ts';
export type { ApiBucketSettings } from './settings/limits-settings.ts';
export type { CoalesceSettings } from './settings/planning-settings.ts';
export type { PurgerConfig } from './settings/purger-config.ts';
export type { Settings } from './settings/settings.ts';
export type { StagedConfig } from './settings/stages.ts';
export type { WatchFilter, WatchOptions } from './settings/watch-options.ts';
export type { Throttle, WebhookApiOptions } from './settings/webhook-api-settings.ts';
export type { WebhookSettings } from './settings/webhook-settings.ts';
export { PurgerStack } from './stack/purger-stack.ts';
export type { Ledger } from './storage/ledger.ts';
export { Webhook, type WebhookProps, type WebhookPropsOf } from './webhook.ts';
