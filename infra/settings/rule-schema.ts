import * as z from 'zod';
import { maxHeaderSets } from '../../functions/core/mapping/header-sets.ts';
import { expecting, fields, list, oneOrMore, text, wholeNumber } from './schema.ts';

/** Most seconds that SQS holds a message back (the SQS quotas page). */
export const maxDelaySeconds = 900;

export const targetSchema = z.enum(['production', 'staging'], expecting('"production" or "staging"'));

const pattern = oneOrMore('a pattern', 'patterns');
const fieldValue = expecting('a pattern, a number, true, false or a list of these');
const scalar = z.union([text('a pattern'), z.number(), z.boolean()], fieldValue);

const conditions = {
  bucket: pattern.optional(),
  key: pattern.optional(),
  prefix: oneOrMore('a prefix', 'prefixes').optional(),
  webhook: pattern.optional(),
  type: pattern.optional(),
  locale: pattern.optional(),
  environment: pattern.optional(),
  fields: z
    .record(z.string(), z.union([scalar, list(scalar, 'values')], fieldValue), expecting('an object'))
    .optional(),
};

const match = fields({
  source: text('"s3" or the source of a webhook'),
  action: z.enum(['put', 'delete'], expecting('"put" or "delete"')).optional(),
  ...conditions,
});

const exception = expecting('a pattern of keys, an object with conditions, or a list of these');
const oneException = z.union([text('a pattern'), fields(conditions)], exception);

const headerSets = expecting('a list of header sets, or an object with values by header name');
const fileHeaders = z.union(
  [
    z
      .array(z.record(z.string(), text('a value')))
      .min(1)
      .max(maxHeaderSets),
    z.record(z.string(), z.union([text('a value'), list(text('a value'), 'values')])),
  ],
  headerSets,
);

const purge = fields({
  hosts: oneOrMore('a host', 'hosts').optional(),
  fileUrls: list(text('a URL template'), 'URL templates').optional(),
  dirUrls: list(text('a URL template'), 'URL templates').optional(),
  regexPatterns: list(text('a regex template'), 'regex templates').optional(),
  fileHeaders: fileHeaders.optional(),
  variants: z.boolean(expecting('true or false')).optional(),
  queries: list(text('a query string'), 'query strings').optional(),
  encodings: list(
    z.enum(['browser', 's3', 'component'], expecting('"browser", "s3" or "component"')),
    'encodings',
  ).optional(),
});

const fileName = text('a file name').regex(/^[^/]+$/, expecting('a file name'));
const ending = text('an ending such as ".html"').regex(/^\.[^/]+$/, expecting('an ending such as ".html"'));

const pages = fields({
  index: z
    .union([fileName, list(fileName, 'file names')], expecting('a file name or a list of them'))
    .optional(),
  cleanUrls: z
    .union(
      [z.boolean(), ending, list(ending, 'endings')],
      expecting('true, false, an ending such as ".html" or a list of them'),
    )
    .optional(),
  trailingSlash: z.enum(['always', 'never', 'both'], expecting('"always", "never" or "both"')).optional(),
  parents: wholeNumber(0, 20).optional(),
});

/** The shape of a rule. What it cannot say, `faultsOfRules` does. */
export const ruleSchema = fields({
  name: text('a name').optional(),
  match,
  except: z.union([oneException, list(oneException, 'exceptions')], exception).optional(),
  purge,
  pages: pages.optional(),
  action: z.enum(['invalidate', 'delete'], expecting('"invalidate" or "delete"')).optional(),
  target: targetSchema.optional(),
  delaySeconds: wholeNumber(0, maxDelaySeconds).optional(),
  repeatAfterSeconds: wholeNumber(1, maxDelaySeconds).optional(),
  webhook: text('the ID of a CDN Pro webhook').optional(),
});
