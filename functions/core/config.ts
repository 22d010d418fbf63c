import * as z from 'zod';
import { describeValue, PurgerError } from './errors.ts';
import { compilePattern, PatternError } from './pattern.ts';
import { listOf, type Match, type Rule } from './rules.ts';
import { compileRegexTemplate, compileUrlTemplate, type Template } from './template.ts';
import type { RateLimit } from './throttle.ts';
import type { Target } from './types.ts';
import { faultOfDirUrl, faultOfFileUrl, faultOfRegexPattern } from './url.ts';

/** What a user configures of the purger itself, whatever it is deployed with. */
export interface Settings {
  /** The CDN Pro environment to purge. A rule can name another. */
  readonly target: Target;
  /** Which changes make which URLs stale. */
  readonly rules: readonly Rule[];
  /** CDN Pro's limit on purge requests. Default: 300 requests per 300 s, with a headroom of 0.1. */
  readonly rateLimit?: Partial<RateLimit>;
  /** How long the buffer gathers changes before they are submitted together, in seconds, 1 to 300. Default: 2. */
  readonly batchingWindowSeconds?: number;
  /** Most file URLs in one purge request, 1 to 10,000. Default: 1,000. */
  readonly maxFileUrls?: number;
  /** Largest body of a purge request in bytes, 4,096 to 10,485,760. Default: 524,288. */
  readonly maxBodyBytes?: number;
}

/** Settings with every default filled in. */
export interface CompleteSettings extends Settings {
  readonly rateLimit: RateLimit;
  readonly batchingWindowSeconds: number;
  readonly maxFileUrls: number;
  readonly maxBodyBytes: number;
}

/** A configuration that is refused, with every fault that was found. */
export class ConfigError extends PurgerError {
  override readonly name = 'ConfigError';
  /** One line a fault: the field's path, what was expected and what came. */
  readonly faults: readonly string[];

  constructor(subject: string, faults: readonly string[]) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    super(`${subject} has ${count}:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** A zod parameter that words every issue of a schema as what was expected and what came. */
export function expecting(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: (issue) => `expected ${what}, got ${describeValue(issue.input)}` };
}

/** A text that is not empty. */
export function text(what: string): z.ZodString {
  return z.string(expecting(what)).min(1, expecting(what));
}

/** A whole number within limits, both included. */
export function wholeNumber(min: number, max: number): z.ZodNumber {
  const what = expecting(`a whole number from ${min} to ${max}`);
  return z.number(what).int(what).min(min, what).max(max, what);
}

/** An object that has no other fields; a misspelt one is answered with the name that was meant. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return `expected an object, got ${describeValue(issue.input)}`;
      const unknown = (issue.keys as string[]).map((key) => `\`${key}\`${suggestion(key, names)}`);
      return `unknown field ${unknown.join(', ')}`;
    },
  });
}

function suggestion(key: string, names: readonly string[]): string {
  const [nearest] = names
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  if (nearest !== undefined && nearest.distance <= 2) return ` (did you mean \`${nearest.name}\`?)`;
  return ` (expected one of ${names.map((name) => `\`${name}\``).join(', ')})`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function oneOrMore(what: string) {
  return z.union([text(what), z.array(text(what)).min(1)], expecting(`${what} or a list of them`)).optional();
}

function list(what: string) {
  return z.array(text(`a ${what}`), expecting(`a list of ${what}s`)).optional();
}

const target = z.enum(['production', 'staging'], expecting('"production" or "staging"'));

const rule = fields({
  name: text('a name').optional(),
  match: fields({
    source: text('"s3" or the source of a webhook'),
    key: oneOrMore('a pattern'),
    bucket: text('a bucket name').optional(),
    webhook: text('the name of a webhook').optional(),
    type: oneOrMore('a content type'),
    locale: oneOrMore('a locale'),
  }),
  except: oneOrMore('a pattern'),
  purge: fields({
    fileUrls: list('URL template'),
    dirUrls: list('URL template'),
    regexPatterns: list('regex template'),
  }),
  pages: fields({
    index: text('a file name')
      .regex(/^[^/]+$/, expecting('a file name'))
      .optional(),
  }).optional(),
  action: z.enum(['invalidate', 'delete'], expecting('"invalidate" or "delete"')).optional(),
  target: target.optional(),
}).superRefine((value, context) => {
  const rule = value as Rule;
  for (const { path, message } of faultsOfRule(rule)) context.addIssue({ code: 'custom', path, message });
});

const headroom = expecting('a number from 0 to 0.9');

/** The fields of {@link Settings}, for schemas that hold more than them. */
export const settingsFields = {
  target,
  rules: z.array(rule, expecting('a list of rules')).min(1, expecting('at least one rule')),
  rateLimit: fields({
    requests: wholeNumber(1, 10_000).optional(),
    perSeconds: wholeNumber(1, 3600).optional(),
    headroom: z.number(headroom).min(0, headroom).max(0.9, headroom).optional(),
  }).optional(),
  batchingWindowSeconds: wholeNumber(1, 300).optional(),
  maxFileUrls: wholeNumber(1, 10_000).optional(),
  maxBodyBytes: wholeNumber(4096, 10 * 1024 * 1024).optional(),
};

/**
 * Checks settings.
 * @returns them with every default filled in
 * @throws ConfigError with every fault: its path, what was expected and what came
 */
export function checkSettings(settings: unknown): CompleteSettings {
  const checked = check(fields(settingsFields), settings, 'The configuration of CdnPurger') as Settings;
  return {
    ...checked,
    rateLimit: { requests: 300, perSeconds: 300, headroom: 0.1, ...checked.rateLimit },
    batchingWindowSeconds: checked.batchingWindowSeconds ?? 2,
    maxFileUrls: checked.maxFileUrls ?? 1000,
    maxBodyBytes: checked.maxBodyBytes ?? 512 * 1024,
  };
}

/**
 * Checks a value against a schema.
 * @param subject what the value is, as the beginning of the error's message
 * @throws ConfigError with every fault
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  subject: string,
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new ConfigError(subject, result.error.issues.map(describeIssue));
}

function describeIssue({ path, message }: { path: PropertyKey[]; message: string }): string {
  const place = path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text && '.'}${String(part)}`),
    '',
  );
  return place === '' ? message : `\`${place}\`: ${message}`;
}

interface Fault {
  readonly path: (string | number)[];
  readonly message: string;
}

/** What zod's shapes cannot say of a rule: that fields fit together, and that patterns and templates are sound. */
function faultsOfRule({ match, except, purge }: Rule): readonly Fault[] {
  const { fileUrls = [], dirUrls = [], regexPatterns = [] } = purge;
  const faults: Fault[] = [...faultsOfMatch(match, except !== undefined)];
  if (fileUrls.length + dirUrls.length + regexPatterns.length === 0) {
    faults.push({
      path: ['purge'],
      message: 'expected `fileUrls`, `dirUrls` or `regexPatterns`, got none of them',
    });
  }
  const keys = match.key === undefined ? [] : listOf(match.key);
  const captured = keys.map((key, index) => {
    const path = typeof match.key === 'string' ? ['match', 'key'] : ['match', 'key', index];
    return readOr(faults, path, () => compilePattern(key).variables);
  });
  listOf(except ?? []).forEach((key, index) => {
    readOr(faults, typeof except === 'string' ? ['except'] : ['except', index], () => compilePattern(key));
  });
  const known = match.source === 's3' ? variablesOfObjects(captured) : isEntryVariable;
  const templates = [
    ...fileUrls.map((url, index) => ({ url, path: ['purge', 'fileUrls', index], faultOf: faultOfFileUrl })),
    ...dirUrls.map((url, index) => ({ url, path: ['purge', 'dirUrls', index], faultOf: faultOfDirUrl })),
  ];
  for (const { url, path, faultOf } of templates) {
    const template = readOr(faults, path, () => compileUrlTemplate(url));
    if (template !== undefined) faults.push(...faultsOfTemplate(template, path, known, faultOf));
  }
  regexPatterns.forEach((pattern, index) => {
    const path = ['purge', 'regexPatterns', index];
    const template = readOr(faults, path, () => compileRegexTemplate(pattern));
    if (template !== undefined) faults.push(...faultsOfTemplate(template, path, known, faultOfRegexPattern));
  });
  return faults;
}

function faultsOfMatch(match: Match, hasExcept: boolean): readonly Fault[] {
  const forOthers =
    match.source === 's3' ? (['webhook', 'type', 'locale'] as const) : (['key', 'bucket'] as const);
  const faults: Fault[] = forOthers
    .filter((name) => match[name] !== undefined)
    .map((name) => ({
      path: ['match', name],
      message: `a change from "${match.source}" has no ${name}: this condition can never hold`,
    }));
  if (hasExcept && match.source !== 's3') {
    faults.push({
      path: ['except'],
      message: `a change from "${match.source}" has no key: \`except\` is for s3`,
    });
  }
  return faults;
}

/** A template's faults that are known before any change: unknown variables, and text that no value can mend. */
function faultsOfTemplate(
  template: Template,
  path: (string | number)[],
  isKnown: (name: string) => boolean,
  faultOf: (text: string) => string | undefined,
): readonly Fault[] {
  const unknown = template.variables.filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => `{${name}}`).join(', ');
    return [{ path, message: `${names} stands for nothing here: no match of this rule gives it a value` }];
  }
  const sample = template.expand(Object.fromEntries(template.variables.map((name) => [name, 'x'])));
  const fault = sample.kind === 'expanded' ? faultOf(sample.text) : undefined;
  return fault === undefined ? [] : [{ path, message: fault }];
}

function variablesOfObjects(captured: readonly (readonly string[] | undefined)[]): (name: string) => boolean {
  // A pattern that could not be read has its own fault; it must not make more of them.
  return (name) =>
    name === 'key' ||
    name === 'bucket' ||
    (captured.length > 0 && captured.every((names) => names?.includes(name) ?? true));
}

const entryVariables = new Set([
  'id',
  'type',
  'locale',
  'source',
  'webhook',
  'slug',
  'url',
  'path',
  'environment',
]);

function isEntryVariable(name: string): boolean {
  return entryVariables.has(name) || name.startsWith('fields.');
}

function readOr<Result>(faults: Fault[], path: (string | number)[], read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    faults.push({ path, message: error.message });
    return undefined;
  }
}
