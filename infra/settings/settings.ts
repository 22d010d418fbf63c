import * as z from 'zod';
import type { MappingConfig, Rule } from '../../functions/core/mapping/rule.ts';
import type { Mode, Target } from '../../functions/core/model/types.ts';
import { check, purgerSubject } from './checks/check.ts';
import { retiredSettings } from './checks/retired.ts';
import {
  arrayOf,
  expected,
  nonEmptyString,
  strictObject,
  trueOrFalse,
  wholeNumber,
} from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';
import {
  type CompleteLimits,
  completeLimits,
  defaultLimits,
  type LimitsSettings,
  limitsFields,
  validateLimits,
} from './limits-settings.ts';
import {
  type CompletePlanning,
  completePlanning,
  defaultPlanning,
  type PlanningSettings,
  planningFields,
  validatePlanning,
} from './planning-settings.ts';
import {
  type CompleteProving,
  completeProving,
  type ProvingSettings,
  provingFields,
  validateProving,
} from './probe-settings.ts';
import { validateRules } from './rules/check-rules.ts';
import { ruleSchema, targetSchema } from './rules/rule-schema.ts';

/** Options of the purger itself, whatever it is deployed with. */
export interface Settings extends LimitsSettings, PlanningSettings, ProvingSettings {
  /** The CDN Pro environment to purge. A rule can name another. */
  readonly target: Target;
  /** Which changes make which URLs stale. */
  readonly rules: readonly Rule[];
  /**
   * The hosts that a value of a change may name, where a rule lets it decide the host: `www.example.com`, or
   * `*.example.com` for all below one.
   * @default - any, with a warning at synth
   */
  readonly allowedHosts?: readonly string[];
  /**
   * How long the buffer gathers changes before they are submitted together, in seconds, 1 to 300.
   * @default 2
   */
  readonly batchingWindowSeconds?: number;
  /**
   * Whether changes wait in the buffer, for 14 days at most, instead of being submitted.
   * @default false
   */
  readonly paused?: boolean;
  /**
   * `observe` maps, plans and counts changes, and purges nothing, not even takedowns: for a trial next to what purges today.
   * @default 'purge'
   */
  readonly mode?: Mode;
  /**
   * Whether there is a CloudWatch dashboard, which costs 3 US dollars a month.
   * @default false
   */
  readonly dashboard?: boolean;
}

/** Settings with every default filled in. */
export interface CompleteSettings extends CompleteLimits, CompletePlanning, CompleteProving {
  readonly target: Target;
  readonly rules: readonly Rule[];
  readonly allowedHosts?: readonly string[];
  readonly batchingWindowSeconds: number;
  readonly paused: boolean;
  readonly mode: Mode;
  readonly dashboard: boolean;
}

/** The values of settings that are not set. */
export const defaultSettings = {
  ...defaultLimits,
  ...defaultPlanning,
  batchingWindowSeconds: 2,
  paused: false,
  mode: 'purge',
  dashboard: false,
} as const;

const allowedHost = nonEmptyString('a host such as "www.example.com" or "*.example.com"').regex(
  /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
  expected('a host such as "www.example.com" or "*.example.com", in lower case and ASCII'),
);

/** The fields of {@link Settings}, for schemas that have more. */
export const settingsFields = {
  target: targetSchema,
  rules: z.array(ruleSchema, expected('a list of rules')).min(1, expected('at least one rule')),
  allowedHosts: arrayOf(allowedHost, 'hosts').optional(),
  ...limitsFields,
  batchingWindowSeconds: wholeNumber(1, 300).optional(),
  ...planningFields,
  ...provingFields,
  paused: trueOrFalse.optional(),
  mode: z.enum(['purge', 'observe'], expected('"purge" or "observe"')).optional(),
  dashboard: trueOrFalse.optional(),
};

/**
 * Checks settings.
 * @returns them with every default filled in
 * @throws ConfigError with every issue: its path, what was expected and what came
 */
export function checkSettings(settings: unknown): CompleteSettings {
  const schema = strictObject(settingsFields, retiredSettings);
  return completeSettings(check(schema, settings, purgerSubject, validateSettings) as Settings);
}

/** @returns the issues of settings that a schema cannot express; copes with values that the schema refuses */
export function validateSettings(settings: unknown): readonly ValidationIssue[] {
  return [
    ...validateRules(settings),
    ...validateLimits(settings),
    ...validatePlanning(settings),
    ...validateProving(settings),
  ];
}

/** @returns settings with every default filled in */
export function completeSettings(settings: Settings): CompleteSettings {
  const {
    target,
    rules,
    allowedHosts,
    batchingWindowSeconds = defaultSettings.batchingWindowSeconds,
    paused = defaultSettings.paused,
    mode = defaultSettings.mode,
    dashboard = defaultSettings.dashboard,
  } = settings;
  const hosts = allowedHosts === undefined ? {} : { allowedHosts };
  const own = { target, rules, ...hosts, batchingWindowSeconds, paused, mode, dashboard };
  return { ...own, ...completeLimits(settings), ...completePlanning(settings), ...completeProving(settings) };
}

/** @returns what the functions need to map changes */
export function mappingOf({ target, rules, allowedHosts, mode }: CompleteSettings): MappingConfig {
  return {
    target,
    rules,
    ...(allowedHosts !== undefined && { allowedHosts }),
    ...(mode === 'observe' && { mode }),
  };
}
