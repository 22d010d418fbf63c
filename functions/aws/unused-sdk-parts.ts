/**
 * What replaces parts of the AWS SDK that no function runs, in the functions' bundles: see `docs/adr/0030` and the
 * aliases of `infra/function/bundle.ts`.
 */

import { PurgerError } from '../core/model/errors.ts';

/** An operation that streams events was called. None of those that the functions call does. */
export class EventStreamError extends PurgerError {
  override readonly name = 'EventStreamError';
}

/** Of `@smithy/core/event-streams`, which the SDK loads for operations that stream events. */
export class EventStreamSerde {
  constructor() {
    throw new EventStreamError('Expected an operation without event streams');
  }
}

/** Of `@smithy/core/event-streams`: the S3 client keeps it in its configuration and never calls it. */
export function eventStreamSerdeProvider(): EventStreamSerde {
  return new EventStreamSerde();
}

/** Of `@smithy/core/event-streams`: the S3 client's configuration, to which nothing is added. */
export function resolveEventStreamSerdeConfig<Config>(config: Config): Config {
  return config;
}

/** Of `@aws-sdk/middleware-endpoint-discovery`, which is off by default and which DynamoDB does not need: nothing is added. */
export function resolveEndpointDiscoveryConfig<Config>(config: Config): Config {
  return config;
}

/** Of `@aws-sdk/middleware-endpoint-discovery`: where the client looks for whether it is on. Nowhere. */
const endpointDiscoveryOptions = {
  environmentVariableSelector(): void {},
  configFileSelector(): void {},
  default: undefined,
};

export { endpointDiscoveryOptions as NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS };

/**
 * Of `@aws/lambda-invoke-store`: what the runtime knows of an invocation. Where the runtime has none, and only one invocation
 * runs at a time, the SDK finds the trace's ID in the environment.
 */
export const InvokeStore = {
  getInstanceAsync: async (): Promise<unknown> =>
    (globalThis as { awslambda?: { readonly InvokeStore?: unknown } }).awslambda?.InvokeStore,
};
