import { z } from 'zod';
import type { RequestFault } from '../answers.ts';
import { readJson } from '../json-body.ts';
import { regexFault, regexParts } from './regex-rules.ts';
import { hostFault, hostOf, type UrlField, urlFault } from './url-rules.ts';

const maxDirUrls = 20;
const maxRegexPatterns = 2;

const header = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of an HTTP header'),
  value: z.string().regex(/^[^\p{Cc}]*$/u, 'expected the value of an HTTP header'),
});

const purgeRequest = z.strictObject({
  name: z.string().optional(),
  fileUrls: z.array(z.string()).optional(),
  fileHeaders: z.array(header).optional(),
  dirUrls: z.array(z.string()).max(maxDirUrls, `expected at most ${maxDirUrls} items`).optional(),
  regexPatterns: z
    .array(z.string())
    .max(maxRegexPatterns, `expected at most ${maxRegexPatterns} items`)
    .optional(),
  action: z.enum(['delete', 'invalidate']).optional(),
  target: z.enum(['staging', 'production']),
  webhook: z.string().min(1, 'expected the ID of a webhook').optional(),
});

/** The JSON of POST /cdn/purges. */
export type PurgeRequest = Readonly<z.infer<typeof purgeRequest>>;
/** The environment of a purge. */
export type Target = PurgeRequest['target'];
/** The host names that are deployed, by environment. A `*` in one matches any string. */
export type DeployedHosts = Readonly<Record<Target, readonly string[]>>;

/** What requests are validated against. */
export interface RequestRules {
  readonly deployedHosts: DeployedHosts;
  /** How many file URLs a request may have. */
  readonly maxFileUrls: number;
}

/** The result of reading a request's body. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: PurgeRequest }
  | { readonly ok: false; readonly fault: RequestFault };

/**
 * Validates the body of a purge request: its schema first, then the file URLs, directory URLs and regular expressions
 * in their order. One bad URL refuses the whole request.
 *
 * Fields that the vendor's page "Create a purge request" does not know are refused, too: a client that sends one
 * has a bug. The page has no code for most faults; they get `InvalidRequest`.
 * @returns the purge request, or the first fault in it
 */
export function parsePurgeRequest(body: Buffer, { deployedHosts, maxFileUrls }: RequestRules): ParsedRequest {
  const parsed = readJson(body, purgeRequest);
  if (!parsed.ok) return refuse(parsed.message);
  const request = parsed.value;
  const { fileUrls = [], dirUrls = [], regexPatterns = [] } = request;
  if (fileUrls.length + dirUrls.length + regexPatterns.length === 0) {
    return refuse('There is nothing to purge: expected fileUrls, dirUrls or regexPatterns.');
  }
  if (fileUrls.length > maxFileUrls) return refuse(`fileUrls: expected at most ${maxFileUrls} items.`);
  const [fault] = findFaults(request, deployedHosts[request.target]);
  return fault === undefined ? { ok: true, request } : { ok: false, fault };
}

function refuse(message: string): ParsedRequest {
  return { ok: false, fault: { code: 'InvalidRequest', message } };
}

function* findFaults(request: PurgeRequest, deployed: readonly string[]): Generator<RequestFault> {
  const names = (request.fileHeaders ?? []).map(({ name }) => name.toLowerCase());
  if (new Set(names).size < names.length) {
    const message = 'Multiple headers with same name are not allowed in fileHeaders.';
    yield { code: 'DuplicateFileHeaderName', message };
  }
  yield* urlFaults(request, 'fileUrls', deployed);
  yield* urlFaults(request, 'dirUrls', deployed);
  for (const [index, regex] of (request.regexPatterns ?? []).entries()) {
    const fault = regexPatternFault(index, regex, request.target, deployed);
    if (fault !== undefined) yield fault;
  }
}

function* urlFaults(
  request: PurgeRequest,
  field: UrlField,
  deployed: readonly string[],
): Generator<RequestFault> {
  for (const [index, url] of (request[field] ?? []).entries()) {
    const fault = urlFault(field, index, url) ?? hostFault(hostOf(url) ?? '', request.target, deployed);
    if (fault !== undefined) yield fault;
  }
}

function regexPatternFault(index: number, regex: string, target: string, deployed: readonly string[]) {
  const parts = regexParts(regex);
  const reason =
    parts === undefined
      ? 'must begin with {scheme}://{hostname}/, where {scheme} is http, https or any'
      : regexFault(parts.pattern);
  if (parts === undefined || reason !== undefined) {
    return { code: 'InvalidRequest', message: `regexPatterns[${index}]: ${reason}.` } as const;
  }
  return hostFault(parts.host, target, deployed);
}
