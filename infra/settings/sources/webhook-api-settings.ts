import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { recordOf } from '../../../functions/core/model/record.ts';
import { check, purgerSubject } from '../checks/check.ts';
import { arnOf, expected, nonEmptyString, strictObject, trueOrFalse, wholeNumber } from '../checks/schema.ts';
import type { ValidationIssue } from '../checks/validation-issue.ts';

/** How many requests the API accepts for each webhook; the rest gets 429, upon which a CMS sends again. */
export interface Throttle {
  /**
   * Requests a second in the long run, 1 to 10,000.
   * @default 100
   */
  readonly ratePerSecond?: number;
  /**
   * Requests at once, 1 to 5,000.
   * @default 500
   */
  readonly burst?: number;
}

interface CommonOptions {
  /**
   * A domain of yours; it needs a certificate. The address that AWS gives is then switched off.
   * @default - the address that AWS gives
   */
  readonly domainName?: string;
  /**
   * The limits of each webhook, beyond which its requests are answered 429.
   * @default - 100 requests a second, 500 at once
   */
  readonly throttle?: Throttle;
  /**
   * Whether each request is logged: when, from where, its path, status and latency.
   * @default true
   */
  readonly accessLogs?: boolean;
}

/** Options of the API that receives webhooks. */
export interface WebhookApiOptions extends CommonOptions {
  /**
   * A certificate for `domainName`, in the region of the stack.
   * @default - none
   */
  readonly certificate?: ICertificate;
  /**
   * The zone of `domainName`, which gets a record for it.
   * @default - the record is made by hand
   */
  readonly hostedZone?: IHostedZone;
}

/** Options of the API that receives webhooks, in a configuration file. */
export interface WebhookApiSettings extends CommonOptions {
  /**
   * The ARN of a certificate for `domainName`, in the region of the stack.
   * @default - none
   */
  readonly certificateArn?: string;
  /**
   * The ID of the zone of `domainName`, which gets a record for it.
   * @default - the record is made by hand
   */
  readonly hostedZoneId?: string;
}

/** The schema of {@link WebhookApiSettings}. */
export const webhookApiFields = strictObject({
  domainName: nonEmptyString('a domain name')
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, expected('a domain name'))
    .optional(),
  certificateArn: arnOf('acm', 'certificate/[\\w-]+', 'the ARN of a certificate').optional(),
  hostedZoneId: nonEmptyString('the ID of a hosted zone')
    .regex(/^Z[A-Z0-9]{1,31}$/, expected('the ID of a hosted zone'))
    .optional(),
  throttle: strictObject({
    ratePerSecond: wholeNumber(1, 10_000).optional(),
    burst: wholeNumber(1, 5000).optional(),
  }).optional(),
  accessLogs: trueOrFalse.optional(),
});

/** @returns an issue for each option of a configuration's `webhookApi` that lacks the one it needs */
export function validateWebhookApi(config: unknown): readonly ValidationIssue[] {
  const { domainName, certificateArn, hostedZoneId } = recordOf(recordOf(config)?.webhookApi) ?? {};
  return [
    ...(domainName !== undefined && certificateArn === undefined
      ? missing('domainName', 'certificateArn')
      : []),
    ...(domainName === undefined && certificateArn !== undefined
      ? missing('certificateArn', 'domainName')
      : []),
    ...(domainName === undefined && hostedZoneId !== undefined ? missing('hostedZoneId', 'domainName') : []),
  ];
}

function missing(field: string, needed: string): readonly ValidationIssue[] {
  return [{ path: ['webhookApi', field], message: `expected \`${needed}\` with it, got nothing` }];
}

/**
 * Checks the options that the construct is given.
 * @throws ConfigError with every issue
 */
export function checkWebhookApi(options: WebhookApiOptions): void {
  const { domainName, certificate, hostedZone, throttle, accessLogs } = options;
  // The domain's name may be known at deployment only.
  const schema = strictObject({ webhookApi: webhookApiFields });
  check(schema, { webhookApi: { throttle, accessLogs } }, purgerSubject, () => [
    ...(domainName !== undefined && certificate === undefined ? missing('domainName', 'certificate') : []),
    ...(domainName === undefined && (certificate ?? hostedZone) !== undefined
      ? [
          {
            path: ['webhookApi'],
            message: 'expected `domainName` with `certificate` or `hostedZone`, got nothing',
          },
        ]
      : []),
  ]);
}
