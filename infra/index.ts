// What the package `cdn-pro-purger` exports: the one module that collects others, since a package needs an entry.
export { type CoalesceSettings, ConfigError, type Settings } from '../functions/core/config.ts';
export type { FileHeaders } from '../functions/core/header-sets.ts';
export type { Pages } from '../functions/core/pages.ts';
export type { Conditions, Match, Purge, Rule } from '../functions/core/rules.ts';
export type { RateLimit } from '../functions/core/throttle.ts';
export type { ChangeAction, PurgeAction, Target } from '../functions/core/types.ts';
export type { OptionsOf, WebhookSourceName } from '../functions/sources/registry.ts';
export type { AlarmFields, AlarmSettings } from './alarm-settings.ts';
export { CdnPurger, type CdnPurgerProps } from './cdn-purger.ts';
export type { DataProtectionProps } from './data-protection.ts';
export type { Ledger } from './ledger.ts';
export { type PurgerConfig, PurgerStack } from './purger-stack.ts';
export type { SharedLedgerSettings } from './shared-ledger.ts';
export type { WatchFilter, WatchOptions } from './source-settings.ts';
export type { StagedConfig } from './stages.ts';
export { Webhook, type WebhookProps, type WebhookPropsOf } from './webhook.ts';
export type { Throttle, WebhookApiOptions } from './webhook-api.ts';
export type { WebhookSettings } from './webhook-settings.ts';
