import * as z from 'zod';
import { encodings } from '../../../functions/core/mapping/urls/encodings.ts';
import { maxHeaderSets } from '../../../functions/core/mapping/urls/header-sets.ts';
import { lanes } from '../../../functions/core/model/lanes.ts';
import { arrayOf, expected, nonEmptyString, oneOrMore, strictObject, wholeNumber } from '../checks/schema.ts';

/** A header's name as HTTP has it (https://www.rfc-editor.org/rfc/rfc9110#section-5.1). */
export const headerName = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;

/** Most seconds that SQS holds a message back (the SQS quotas page). */
export const maxDelaySeconds = 900;

export const targetSchema = z.enum(['production', 'staging'], expected('"production" or "staging"'));

const pattern = oneOrMore('a pattern', 'patterns');
const fieldValue = expected('a pattern, a number, true, false or a list of these');
const scalar = z.union([nonEmptyString('a pattern'), z.number(), z.boolean()], fieldValue);

const conditions = {
  bucket: pattern.optional(),
  key: pattern.optional(),
  prefix: oneOrMore('a prefix', 'prefixes').optional(),
  webhook: pattern.optional(),
  type: pattern.optional(),
  locale: pattern.optional(),
  environment: pattern.optional(),
  fields: z
    .record(z.string(), z.union([scalar, arrayOf(scalar, 'values')], fieldValue), expected('an object'))
    .optional(),
};

const match = strictObject({
  source: nonEmptyString('"s3" or the source of a webhook'),
  action: z.enum(['put', 'delete'], expected('"put" or "delete"')).optional(),
  ...conditions,
});

const exception = expected('a pattern of keys, an object with conditions, or a list of these');
const oneException = z.union([nonEmptyString('a pattern'), strictObject(conditions)], exception);

const headerSets = expected('a list of header sets, or an object with values by header name');
const fileHeaders = z.union(
  [
    z
      .array(z.record(z.string(), nonEmptyString('a value')))
      .min(1)
      .max(maxHeaderSets),
    z.record(z.string(), z.union([nonEmptyString('a value'), arrayOf(nonEmptyString('a value'), 'values')])),
  ],
  headerSets,
);

const purge = strictObject({
  hosts: oneOrMore('a host', 'hosts').optional(),
  fileUrls: arrayOf(nonEmptyString('a URL template'), 'URL templates').optional(),
  dirUrls: arrayOf(nonEmptyString('a URL template'), 'URL templates').optional(),
  regexPatterns: arrayOf(nonEmptyString('a regex template'), 'regex templates').optional(),
  fileHeaders: fileHeaders.optional(),
  variants: z.boolean(expected('true or false')).optional(),
  queries: arrayOf(nonEmptyString('a query string'), 'query strings').optional(),
  encodings: arrayOf(
    z.enum(encodings, expected(encodings.map((encoding) => `"${encoding}"`).join(' or '))),
    'encodings',
  ).optional(),
});

const fileName = nonEmptyString('a file name').regex(/^[^/]+$/, expected('a file name'));
const ending = nonEmptyString('an ending such as ".html"').regex(
  /^\.[^/]+$/,
  expected('an ending such as ".html"'),
);

const pages = strictObject({
  index: z
    .union([fileName, arrayOf(fileName, 'file names')], expected('a file name or a list of them'))
    .optional(),
  cleanUrls: z
    .union(
      [z.boolean(), ending, arrayOf(ending, 'endings')],
      expected('true, false, an ending such as ".html" or a list of them'),
    )
    .optional(),
  trailingSlash: z.enum(['always', 'never', 'both'], expected('"always", "never" or "both"')).optional(),
  parents: wholeNumber(0, 20).optional(),
});

const proof = strictObject({
  header: nonEmptyString('the name of a header').regex(headerName, expected('the name of a header')),
  value: nonEmptyString('a template'),
});

/** The shape of a rule. What it cannot say, `validateRules` does. */
export const ruleSchema = strictObject({
  name: nonEmptyString('a name').optional(),
  match,
  except: z.union([oneException, arrayOf(oneException, 'exceptions')], exception).optional(),
  purge,
  pages: pages.optional(),
  proof: proof.optional(),
  action: z.enum(['invalidate', 'delete'], expected('"invalidate" or "delete"')).optional(),
  target: targetSchema.optional(),
  delaySeconds: wholeNumber(0, maxDelaySeconds).optional(),
  repeatAfterSeconds: wholeNumber(1, maxDelaySeconds).optional(),
  webhook: nonEmptyString('the ID of a CDN Pro webhook').optional(),
  lane: z.enum(lanes, expected(lanes.map((lane) => `"${lane}"`).join(' or '))).optional(),
});
