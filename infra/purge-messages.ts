import { regexPatternProblem } from '../functions/core/mapping/urls/regex-pattern.ts';
import {
  dirUrlProblem,
  encodeLiteral,
  fileUrlProblem,
  normalizeOrigin,
} from '../functions/core/mapping/urls/url.ts';
import { describeValue, PurgerError } from '../functions/core/model/errors.ts';
import { lanes } from '../functions/core/model/lanes.ts';
import { messageVersion, writeInParts } from '../functions/core/model/purge-message.ts';
import type { Lane, PurgeAction, PurgeEntry, Target } from '../functions/core/model/types.ts';

/** What to purge. */
export interface PurgeMessageOptions {
  /** The CDN Pro environment. */
  readonly target: Target;
  /**
   * Whether the edges ask the origin whether a page is still current, or forget it.
   * @default 'invalidate'
   */
  readonly action?: PurgeAction;
  /**
   * URLs of files, without `*`.
   * @default - none
   */
  readonly fileUrls?: readonly string[];
  /**
   * URLs of directories, with or without a wildcard at their end; CDN Pro takes few of them a day.
   * @default - none
   */
  readonly dirUrls?: readonly string[];
  /**
   * Regular expressions that begin with `http://`, `https://` or `any://` and a host.
   * @default - none
   */
  readonly regexPatterns?: readonly string[];
  /**
   * Who goes first where the day's tokens are short.
   * @default - as the queue has it: people
   */
  readonly lane?: Lane;
}

/** Options that are wrong, or URLs that CDN Pro would refuse; nothing was written. */
export class PurgeMessageError extends PurgerError {
  override readonly name = 'PurgeMessageError';
  /** One line for each: the field's path, what was expected and what came. */
  readonly issues: readonly string[];

  constructor(issues: readonly string[]) {
    super(
      `Expected options of a purge and URLs that CDN Pro accepts:\n${issues.map((issue) => `- ${issue}`).join('\n')}`,
    );
    this.issues = issues;
  }
}

/**
 * Writes the bodies of messages that have something purged: send each to the purger's `bufferQueue`, by a role that
 * `grantPurge` lets do so.
 * @returns one body for up to some thousands of URLs, more for more; none where there is nothing to purge
 * @throws PurgeMessageError with every option that is wrong, or else every URL that CDN Pro would refuse
 */
export function purgeMessages(options: PurgeMessageOptions): readonly string[] {
  const wrong = issuesOfOptions(options);
  if (wrong.length > 0) throw new PurgeMessageError(wrong);
  const { target, action = 'invalidate', fileUrls = [], dirUrls = [], regexPatterns = [], lane } = options;
  const scope = { target, action };
  const issues: string[] = [];
  const accept = <Item>(field: string, items: readonly string[], read: (item: string) => Checked<Item>) =>
    items.flatMap((item, index) => {
      const { entry, problem } = read(item);
      if (problem === undefined) return [entry];
      issues.push(`\`${field}[${index}]\`: ${problem}`);
      return [];
    });
  const entries: PurgeEntry[] = [
    ...accept('fileUrls', fileUrls, (url) => {
      const encoded = normalizeOrigin(encodeLiteral(url));
      return { entry: { kind: 'file', url: encoded, ...scope } as const, problem: fileUrlProblem(encoded) };
    }),
    ...accept('dirUrls', dirUrls, (url) => {
      const encoded = normalizeOrigin(encodeLiteral(url));
      return { entry: { kind: 'dir', url: encoded, ...scope } as const, problem: dirUrlProblem(encoded) };
    }),
    ...accept('regexPatterns', regexPatterns, (pattern) => {
      return { entry: { kind: 'regex', pattern, ...scope } as const, problem: regexPatternProblem(pattern) };
    }),
  ];
  if (issues.length > 0) throw new PurgeMessageError(issues);
  return writeInParts({ v: messageVersion, entries, ...(lane !== undefined && { lane }) }, maxBodyBytes);
}

const words = {
  target: ['production', 'staging'],
  action: ['invalidate', 'delete'],
  lane: lanes,
} as const;
const lists = ['fileUrls', 'dirUrls', 'regexPatterns'];

/** For callers in plain JavaScript: what is misspelled would be a message of nothing, or a dead letter. */
function issuesOfOptions(options: object): readonly string[] {
  const { target } = options as PurgeMessageOptions;
  return Object.entries({ target, ...options }).flatMap(([field, value]: [string, unknown]) => {
    if (value === undefined && field !== 'target') return [];
    const got = `got ${describeValue(value)}`;
    if (lists.includes(field)) {
      const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
      return isList ? [] : [`\`${field}\`: expected a list of strings, ${got}`];
    }
    const known: readonly unknown[] | undefined = Object.hasOwn(words, field)
      ? words[field as keyof typeof words]
      : undefined;
    if (known === undefined) return [`\`${field}\`: expected no such field, ${got}`];
    return known.includes(value)
      ? []
      : [`\`${field}\`: expected ${known.map((word) => `"${word}"`).join(' or ')}, ${got}`];
  });
}

/** What SQS takes everywhere; queues may be set up to take more. */
const maxBodyBytes = 256 * 1024;

interface Checked<Item> {
  readonly entry: Item;
  readonly problem: string | undefined;
}
