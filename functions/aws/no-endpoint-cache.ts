/**
 * Stands in for `@aws-sdk/endpoint-cache` in the functions' bundles: the DynamoDB client makes such a cache for
 * endpoint discovery, which is off unless it is asked for.
 */
export class EndpointCache {
  get(): undefined {
    return undefined;
  }
  set(): void {}
  delete(): void {}
  has(): boolean {
    return false;
  }
  clear(): void {}
}
