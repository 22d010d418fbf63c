/** The words of the project as types. See `docs/architecture.md` for how they hang together. */

/** The environment of CDN Pro that a purge applies to. The API requires it. */
export type Target = 'production' | 'staging';

/** Whether changes are purged, or only observed. */
export type Mode = 'purge' | 'observe';

/** What a purge does to what is cached: flag it as invalid, or remove it altogether. */
export type PurgeAction = 'invalidate' | 'delete';

/** What happened at the origin. A CMS's publish and update are a `put`; its unpublish, archive and delete a `delete`. */
export type ChangeAction = 'put' | 'delete';

/**
 * Who goes first when tokens or slots are short: what has to disappear, then what people wait for, then what machines
 * make in masses.
 */
export type Lane = 'takedown' | 'people' | 'bulk';

interface ChangeBase {
  readonly action: ChangeAction;
  /** Names the change in logs: `s3://bucket/key` for an object, the CMS's id for an entry. */
  readonly id: string;
  /** ISO 8601, as the source stated it. */
  readonly occurredAt: string;
}

/** A change of an S3 object. */
export interface ObjectChange extends ChangeBase {
  readonly source: 's3';
  readonly bucket: string;
  /** The key itself, not encoded in any way. */
  readonly key: string;
  /** S3's order of the events of one key: hexadecimal, compared after padding the shorter on the right with zeros. */
  readonly sequencer?: string;
  /**
   * Only on a put: the ID of a version that was removed by request. It may have been the current one, so that the object
   * is gone or shows a version before it: rules for either action match.
   */
  readonly removedVersion?: string;
  /** Equal for puts of the same content; missing where the event does not tell for sure. */
  readonly content?: string;
  /** What files of the object show from then on. */
  readonly shows?: Shows;
}

/** A value of a CMS payload as a template can use it. */
export type FieldValue = string | number | boolean;

/** A change of a CMS entry in one locale. */
export interface EntryChange extends ChangeBase {
  /** The kind of the webhook: `contentful`, `standard-webhooks`, ... */
  readonly source: string;
  /** The webhook's own name, by default its source; it is also the last part of the webhook's path. */
  readonly webhook: string;
  /** The content type, where the CMS tells it. */
  readonly type?: string;
  readonly locale?: string;
  /** The payload's scalar fields, nested ones under dotted names: `{ 'slug': 'hello', 'fields.category': 'news' }`. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** The fields as they were before, where the source tells: what they mapped to is gone. */
  readonly previous?: Readonly<Record<string, FieldValue>>;
  /**
   * The entry may never have been public, so the change counts only if it is remembered as public. Of a put, which does not
   * tell what visitors see, what is remembered is purged and stays so.
   */
  readonly onlyIfRemembered?: true;
  /** The change names one locale, and may be of all that the entry has. */
  readonly affectsAllLocales?: true;
  /** The id names the delivery, or says nothing more than the fields: there is nothing to remember by it. */
  readonly skipMemory?: true;
  /** The source tells no time: `occurredAt` is that of the delivery, which does not say what came before what. */
  readonly isTimeOfDelivery?: true;
  /** The source does not say which entries changed: whatever the rules can make of its entries is stale. */
  readonly affectsAllEntries?: true;
  /** The payload has more than becomes fields: a field that is missing may have been left out. */
  readonly isCut?: true;
}

/** One thing that changed at the origin. */
export type OriginChange = ObjectChange | EntryChange;

/** One header of the set that a cached version of a file depends on. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** What one purge request has one of: entries of different scopes never share a request. */
export interface Scope {
  readonly target: Target;
  readonly action: PurgeAction;
  /** ID of a CDN Pro webhook to call when the purge completes. */
  readonly webhook?: string;
}

/**
 * What a file of an S3 object or a CMS entry itself shows once it is fresh: a version, or nothing any more. Neither is
 * known where the event, or the rule, does not tell.
 */
export interface Shows {
  /** The ETag of the object, without quotes. */
  readonly etag?: string;
  /** The object was deleted. */
  readonly gone?: true;
  /** The header in which its answer has the version of a CMS entry, and its value then. */
  readonly header?: Header;
  /** When that change happened, in milliseconds. */
  readonly sinceMs: number;
  /** S3's order of the changes of one object, see {@link ObjectChange}. */
  readonly sequencer?: string;
}

/** The scope of a file, and what the file shows. */
export interface FileScope extends Scope {
  /** Not a part of what is purged: entries that differ in it alone are the same entry, which shows the newest. */
  readonly shows?: Shows;
}

/** One file URL (with or without headers) to purge. */
export interface FileEntry extends FileScope {
  readonly kind: 'file';
  readonly url: string;
  readonly headers?: readonly Header[];
}

/** One directory URL to purge; its last `*` or `**`, where it has one, is a wildcard. */
export interface DirEntry extends Scope {
  readonly kind: 'dir';
  readonly url: string;
}

/** One regular expression over cache keys to purge. */
export interface RegexEntry extends Scope {
  readonly kind: 'regex';
  readonly pattern: string;
}

/** One thing to purge, with its scope. */
export type PurgeEntry = FileEntry | DirEntry | RegexEntry;
