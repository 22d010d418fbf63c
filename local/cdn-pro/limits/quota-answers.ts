import { type Answer, failure } from '../answers.ts';
import { defaultPrefetchQuota, defaultQuota, type Tokens } from './quotas.ts';

/**
 * How a request is answered for which there are no tokens. No document says it: a `forbidden` is like the vendor's
 * other errors of too many things, a `bad-request` says nothing, a `too-large` looks like a limit of the request's
 * size, and a `throttled` like one of the request rate. Or it is an answer that was seen.
 */
export type ExhaustedAnswer = ExhaustedKind | Answer;

type ExhaustedKind = 'forbidden' | 'bad-request' | 'too-large' | 'throttled';

const exhausted: Readonly<Record<ExhaustedKind, Answer>> = {
  forbidden: failure(403, 'TooManyPurges', 'The number of purges exceeded the account maximum.'),
  'bad-request': failure(400, 'InvalidRequest', 'The request was invalid.'),
  'too-large': failure(400, 'InvalidRequest', 'Too many URLs: the request exceeds the size limit.'),
  throttled: failure(429, 'TooManyRequests', 'Too many purges.'),
};

/** @returns the answer to a request for which there are no tokens */
export function exhaustedAnswer(answer: ExhaustedAnswer): Answer {
  return typeof answer === 'string' ? exhausted[answer] : answer;
}

/** What a contract says in GET /cdn/serviceQuotas/customer/{id}. */
export interface Contract {
  readonly customerId: number;
  readonly quotas: Readonly<Record<'production' | 'staging', Tokens>>;
  readonly maxFileUrls: number;
}

/** @returns the service quota of a customer who has one, with the fields of the OpenAPI file's example */
export function serviceQuota({ customerId, quotas, maxFileUrls }: Contract): Answer {
  const fields = {
    serviceQuotaId: '5efbadf08bb3b2298802b0f3',
    ...fieldsOf(customerId, quotas.production, quotas.staging),
    contractId: '',
    status: 'active',
    allowProduction: true,
    maxFilePurgeEntries: maxFileUrls,
    maxDirPurgeEntries: 20,
    creationTime: '2024-09-22T05:12:00Z',
    lastUpdateTime: '2024-09-22T05:12:00Z',
  };
  return { status: 200, body: fields, headers: { 'last-modified': 'Sun, 22 Sep 2024 05:12:00 GMT' } };
}

/** @returns the answer for a customer without one: 404, and in its body the quotas that hold all the same */
export function defaultServiceQuota(customerId: number): Answer {
  const fields = { status: 'suspended', allowProduction: false };
  return { status: 404, body: { ...fieldsOf(customerId, defaultQuota, defaultQuota), ...fields } };
}

function fieldsOf(customerId: number, production: Tokens, staging: Tokens) {
  return {
    customerId,
    filePurgeQuotaInStaging: staging.files,
    dirPurgeQuotaInStaging: staging.dirs,
    filePurgeQuotaInProduction: production.files,
    dirPurgeQuotaInProduction: production.dirs,
    prefetchQuota: defaultPrefetchQuota,
    allowedCacheDirectives: [],
    usageLimitDays: 0,
    usageLimitDollar: 0,
    allowDeploymentInChina: false,
    billUsingStripe: false,
  };
}
