import { isRecord } from '../../core/model/record.ts';
import type { ChangeAction, EntryChange, FieldValue } from '../../core/model/types.ts';
import type { SourceOptions } from '../webhook-options.ts';
import type { SourceContext } from './define-json-source.ts';
import { flattenFields } from './fields.ts';
import type { JsonObject } from './payload.ts';
import { isoDateOf, isoOfMs } from './time.ts';

/** What a source read of one entry. */
export interface FoundEntry {
  readonly action: ChangeAction;
  readonly id: string;
  readonly type?: string | undefined;
  readonly locale?: string | undefined;
  /** Where a payload may tell when it happened, the best place first: only strings in ISO 8601 count. */
  readonly times?: readonly unknown[];
  /**
   * When this attempt at the delivery was made: the time of a change that has no other.
   * @default - now
   */
  readonly sentAtMs?: number | undefined;
  /** The fields by name, with locales resolved. */
  readonly entry?: JsonObject;
  /** Further fields: `environment`, and `url` or `slug` where they have another name in `entry`. */
  readonly metadata?: Readonly<Record<string, FieldValue | undefined>>;
  /** As `entry`, before the change. */
  readonly previous?: JsonObject | undefined;
  readonly previousMetadata?: Readonly<Record<string, FieldValue | undefined>>;
  /** Of a delete: see `EntryChange.onlyIfRemembered`. */
  readonly onlyIfRemembered?: boolean;
  /** See `EntryChange.skipMemory`. */
  readonly skipMemory?: boolean;
}

/** @returns the action by verb, of a vendor's verbs by action */
export function actionsOf(
  verbs: Readonly<Record<ChangeAction, readonly string[]>>,
): ReadonlyMap<string, ChangeAction> {
  return new Map([
    ...verbs.put.map((verb) => [verb, 'put'] as const),
    ...verbs.delete.map((verb) => [verb, 'delete'] as const),
  ]);
}

/** The change of an entry that a source has read. */
export function changeOf({ source, webhook, nowMs }: SourceContext, found: FoundEntry): EntryChange {
  const { action, id, type, locale, times = [], sentAtMs = nowMs, previous } = found;
  const statedAt = times.map(isoDateOf).find((time) => time !== undefined);
  return {
    source,
    webhook,
    action,
    id,
    ...(type !== undefined && { type }),
    ...(locale !== undefined && { locale }),
    occurredAt: statedAt ?? isoOfMs(sentAtMs),
    fields: fieldsOf(found.entry, found.metadata),
    ...(previous !== undefined && { previous: fieldsOf(previous, found.previousMetadata) }),
    ...(action === 'delete' && found.onlyIfRemembered && { onlyIfRemembered: true as const }),
    ...(found.skipMemory && { skipMemory: true as const }),
    ...(statedAt === undefined && { isTimeOfDelivery: true as const }),
  };
}

/** A change of every entry of a webhook, or of one type. */
export function changeOfAllEntries(
  { source, webhook, nowMs }: SourceContext,
  { id, type, times = [] }: { id: string; type?: string; times?: readonly unknown[] },
): EntryChange {
  return {
    source,
    webhook,
    action: 'put',
    id,
    ...(type !== undefined && { type }),
    occurredAt: times.map(isoDateOf).find((time) => time !== undefined) ?? isoOfMs(nowMs),
    fields: {},
    skipMemory: true,
    affectsAllEntries: true,
  };
}

function fieldsOf(entry: JsonObject = {}, metadata: FoundEntry['metadata'] = {}): EntryChange['fields'] {
  const known = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== '');
  return flattenFields(entry, Object.fromEntries(known) as Readonly<Record<string, FieldValue>>);
}

/**
 * The path of a URL or a path, without its first slash and its query, decoded.
 * @returns undefined for what is not a string or is empty
 */
export function pathOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || url === '') return undefined;
  const path = url
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
    .replace(/^\/\/[^/?#]*/, '')
    .replace(/[?#].*$/s, '')
    .replace(/^\/+/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `url` and `path` of an entry, from whichever field holds its URL or path. */
export function urlFields(url: unknown): Readonly<Record<string, string | undefined>> {
  return typeof url === 'string' && url !== '' ? { url, path: pathOf(url) } : {};
}

/** Whether visitors see this environment, as the options or else the source's own default say. */
export function isPublicEnvironment(
  { environments }: SourceOptions,
  environment: string,
  main: readonly string[],
): boolean {
  const names = environments ?? main;
  return names.includes('*') || names.includes(environment);
}

/** The reason for leaving out an environment. */
export function otherEnvironment(environment: string): string {
  return `the environment ${JSON.stringify(environment.slice(0, 60))} is not one that visitors see`;
}

/** Every locale that a field is written in, where some fields are objects by locale. */
export function localesOf(fields: JsonObject, isLocale: (key: string) => boolean = () => true): string[] {
  const byField = Object.values(fields).filter(isRecord);
  return [...new Set(byField.flatMap((values) => Object.keys(values)).filter(isLocale))];
}
