import { PurgerError } from '../../core/model/errors.ts';

/** The environment does not say where a service is, or asks for an endpoint of a kind that is not supported. */
export class EndpointError extends PurgerError {
  override readonly name = 'EndpointError';
}

/**
 * The domains of AWS's partitions, by what their regions begin with; the others are in the first.
 * @see https://github.com/smithy-lang/smithy/blob/main/smithy-aws-endpoints/ (partitions.json)
 */
const domains = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
] as const;

/** Settings of the SDK that would lead elsewhere. Not to heed them would send requests where they must not go. */
const unsupported = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'];

/**
 * @returns the endpoint that the environment sets for a service, as the SDK reads it; undefined where it sets none
 * @param variable what comes after `AWS_ENDPOINT_URL_`
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function configuredEndpoint(variable: string): URL | undefined {
  const text = process.env[`AWS_ENDPOINT_URL_${variable}`] || process.env.AWS_ENDPOINT_URL;
  return text ? new URL(text) : undefined;
}

/**
 * @returns where a service is in a region
 * @throws EndpointError where the environment asks for an endpoint of another kind
 * @see https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
export function regionalEndpoint(service: string, region: string): URL {
  const wanted = unsupported.find((name) => process.env[name]?.toLowerCase() === 'true');
  if (wanted !== undefined) throw new EndpointError(`Expected no ${wanted} in the environment, got "true"`);
  const domain = domains.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
  return new URL(`https://${service}.${region}.${domain}`);
}

/**
 * @returns the region that the function runs in
 * @throws EndpointError where the environment does not say it
 */
export function environmentRegion(): string {
  const { AWS_REGION } = process.env;
  if (!AWS_REGION) throw new EndpointError('Expected AWS_REGION in the environment, got nothing');
  return AWS_REGION;
}
