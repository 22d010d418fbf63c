import { isRecord } from '../../core/model/record.ts';
import type { ChangeAction, EntryChange, FieldValue } from '../../core/model/types.ts';
import type { SourceOptions } from '../webhook-options.ts';
import { flattenFields } from './fields.ts';
import { type JsonObject, stringOf } from './payload.ts';
import type { SourceContext } from './source-context.ts';
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
  /** See `EntryChange.onlyIfRemembered`. */
  readonly onlyIfRemembered?: boolean;
  /** See `EntryChange.affectsAllLocales`. */
  readonly affectsAllLocales?: boolean;
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

/**
 * The change of an entry that a source has read.
 * @throws DeliveryTooLargeError see {@link SourceContext}
 */
export function changeOf(context: SourceContext, found: FoundEntry): EntryChange {
  const [change] = changesOf(context, found, [found.id]);
  return change as EntryChange;
}

/**
 * The same change of several entries.
 * @throws DeliveryTooLargeError see {@link SourceContext}
 */
export function changesOf(
  { source, webhook, nowMs, budget }: SourceContext,
  found: Omit<FoundEntry, 'id'>,
  ids: readonly string[],
): readonly EntryChange[] {
  budget.spend('changes', ids.length);
  const { action, type, locale, times = [], sentAtMs = nowMs } = found;
  const statedAt = times.map(isoDateOf).find((time) => time !== undefined);
  const { fields, isCut } = flattenFields(found.entry ?? {}, found.metadata ?? {}, budget);
  const previous =
    found.previous === undefined
      ? undefined
      : flattenFields(found.previous, found.previousMetadata ?? {}, budget);
  // Each of the changes is mapped with all of them.
  budget.spend('fields', Object.keys(fields).length * (ids.length - 1));
  return ids.map((id) => ({
    source,
    webhook,
    action,
    id,
    ...(type !== undefined && { type }),
    ...(locale !== undefined && { locale }),
    occurredAt: statedAt ?? isoOfMs(sentAtMs),
    fields,
    ...(previous !== undefined && { previous: previous.fields }),
    ...(found.onlyIfRemembered && { onlyIfRemembered: true as const }),
    ...(found.affectsAllLocales && { affectsAllLocales: true as const }),
    ...(found.skipMemory && { skipMemory: true as const }),
    ...(statedAt === undefined && { isTimeOfDelivery: true as const }),
    ...((isCut || previous?.isCut) && { isCut: true as const }),
  }));
}

/** A change of every entry of a webhook, or of one type. */
export function changeOfAllEntries(
  { source, webhook, nowMs }: Omit<SourceContext, 'budget'>,
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

/**
 * The path of a URL or a path, without its first slash and its query, decoded.
 * @returns undefined for what is not a string or is empty
 */
export function pathOf(url: unknown): string | undefined {
  const read = stringOf(url);
  if (read === undefined) return undefined;
  const path = read
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
    .replace(/^\/\/[^/?#]*/, '')
    .replace(/[?#].*$/s, '')
    .replace(/^\/+/, '');
  return decoded(path);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What WordPress adds to the slug of a post in the trash. */
export const trashedSuffix = /__trashed(-\d+)?$/;

/**
 * A slug as WordPress keeps it: percent-encoded where it is of another script than Latin.
 * @returns the slug decoded; a list with each of its slugs decoded; terms with theirs; anything else as it is
 */
export function decodedSlugs(slugs: unknown): unknown {
  if (typeof slugs === 'string') return decoded(slugs);
  if (Array.isArray(slugs)) return slugs.map(decodedSlugs);
  return isRecord(slugs) && typeof slugs.slug === 'string' ? { ...slugs, slug: decoded(slugs.slug) } : slugs;
}

/** @returns the entry with the slugs in these fields decoded */
export function withDecodedSlugs(entry: JsonObject, names: readonly string[]): JsonObject {
  const own = names.filter((name) => Object.hasOwn(entry, name));
  return { ...entry, ...Object.fromEntries(own.map((name) => [name, decodedSlugs(entry[name])])) };
}

/** `url` and `path` of an entry, from whichever field holds its URL or path. */
export function urlFields(url: unknown): Readonly<Record<string, string | undefined>> {
  const read = stringOf(url);
  return read === undefined ? {} : { url: read, path: pathOf(read) };
}

/** The last segment of a path, whatever slashes follow it. */
export function lastSegmentOf(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
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

/**
 * An object with the members of another in place of its own.
 * @throws DeliveryTooLargeError see {@link SourceContext}
 */
export function withFields({ budget }: SourceContext, fields: JsonObject, others: JsonObject): JsonObject {
  budget.spend('visits', Object.keys(fields).length + Object.keys(others).length);
  return { ...fields, ...others };
}

/**
 * The fields with the value of each that holds for a locale, where the source tells how to choose it.
 * @throws DeliveryTooLargeError see {@link SourceContext}
 */
export function fieldsInLocale<Field>(
  { budget }: SourceContext,
  fields: ReadonlyMap<string, Field>,
  pick: (field: Field) => unknown,
): JsonObject {
  budget.spend('visits', fields.size);
  const entry: Record<string, unknown> = Object.create(null);
  for (const [name, field] of fields) entry[name] = pick(field);
  return entry;
}

/** `en`, `pt-BR`, `zh-Hant-TW`, and `pt_BR` or `EN`: what the key of a localized value looks like. */
const localeKey = /^(?:[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*|[a-z]{2,3}_[A-Z][A-Za-z]{1,3}|[A-Z]{2})$/;

/**
 * The locales that an entry is written in, where some of its fields are objects by locale: those of the field that holds
 * the URL, else of every field all of whose keys look like locales.
 */
export function writtenLocales(fields: JsonObject): readonly string[] {
  const { slug, url, path } = fields;
  const ofUrl = localesOf({ slug, url, path }, (key) => localeKey.test(key));
  if (ofUrl.length > 0) return ofUrl;
  const isLocalized = (value: unknown) =>
    isRecord(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((key) => localeKey.test(key));
  return localesOf(Object.fromEntries(Object.entries(fields).filter(([, value]) => isLocalized(value))));
}

/**
 * The fields of an entry in one locale; a field that is not written in it is as it is.
 * @throws DeliveryTooLargeError see {@link SourceContext}
 */
export function inLocale({ budget }: SourceContext, fields: JsonObject, locale: string): JsonObject {
  const names = Object.keys(fields);
  budget.spend('visits', names.length);
  const entry: Record<string, unknown> = Object.create(null);
  for (const name of names) {
    const value = fields[name];
    entry[name] = isRecord(value) && Object.hasOwn(value, locale) ? value[locale] : value;
  }
  return entry;
}
