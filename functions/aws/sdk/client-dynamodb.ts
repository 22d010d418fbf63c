import { JsonClient, type JsonClientOptions, JsonCommand } from './json-client.ts';
import { ServiceError } from './service-error.ts';

/** A condition of a write did not hold. */
export class ConditionalCheckFailedException extends ServiceError {}

/** Stands in for `@aws-sdk/client-dynamodb` in the functions' bundles: see `docs/adr/0033`. */
export class DynamoDBClient extends JsonClient {
  constructor(options: JsonClientOptions = {}) {
    const service = {
      name: 'dynamodb',
      variable: 'DYNAMODB',
      target: 'DynamoDB_20120810',
      version: '1.0',
      // DynamoDB answers faster than others, so that the SDK asks it again sooner and once more.
      retry: { maxAttempts: 4, baseDelayMs: 25 },
      errors: { ConditionalCheckFailedException },
    } as const;
    super(service, options);
  }
}

export class GetItemCommand extends JsonCommand {
  readonly operation = 'GetItem';
}

export class PutItemCommand extends JsonCommand {
  readonly operation = 'PutItem';
}
