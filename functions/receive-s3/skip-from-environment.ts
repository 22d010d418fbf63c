import { createHash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientOptions } from '../aws/client-options.ts';
import { createSeenObjects } from '../aws/tables/seen-objects-table.ts';
import type { MappingConfig } from '../core/mapping/rule.ts';
import { readEnvironment } from '../lambda/environment.ts';
import type { SkipUnchanged } from './skip-unchanged.ts';

/**
 * @returns which puts the environment says to leave out where nothing changed
 * @throws MissingVariableError
 */
export function skipFromEnvironment(mapping: MappingConfig): SkipUnchanged {
  const { skipUnchanged: objects, seenObjectsTable: tableName } = readEnvironment(
    'skipUnchanged',
    'seenObjectsTable',
  );
  const seen = createSeenObjects({ client: new DynamoDBClient(clientOptions), tableName, nowMs: Date.now });
  const rulesKey = createHash('sha256').update(JSON.stringify(mapping)).digest('base64url').slice(0, 16);
  return { objects, seen, rulesKey };
}
