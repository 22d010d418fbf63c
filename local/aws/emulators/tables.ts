import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { StackTemplate } from '../template/template.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const indexSchema = z.array(
  z.object({
    IndexName: z.string(),
    KeySchema: keySchema,
    Projection: z
      .object({
        ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
        NonKeyAttributes: z.array(z.string()).optional(),
      })
      .default({ ProjectionType: 'ALL' }),
  }),
);
const tableSchema = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: indexSchema.optional(),
  LocalSecondaryIndexes: indexSchema.optional(),
});

/** The types of resources that are tables. */
export const tableTypes = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];

/** Creates the template's tables with their keys and indexes, on demand whatever their billing, and waits until they serve. */
export async function createTables(template: StackTemplate, dynamodb: DynamoDBClient): Promise<void> {
  for (const type of tableTypes) {
    for (const table of template.resources(type)) {
      const { GlobalSecondaryIndexes, LocalSecondaryIndexes, ...keys } = template.properties(
        table,
        tableSchema,
      );
      const TableName = template.physicalName(table);
      await dynamodb.send(
        new CreateTableCommand({
          TableName,
          ...keys,
          ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(asIndex) }),
          ...(LocalSecondaryIndexes && { LocalSecondaryIndexes: LocalSecondaryIndexes.map(asIndex) }),
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
      while (!(await isActive(dynamodb, TableName))) await new Promise((settle) => setTimeout(settle, 5));
    }
  }
}

function asIndex({ IndexName, KeySchema, Projection }: z.output<typeof indexSchema>[number]) {
  const { ProjectionType = 'ALL', NonKeyAttributes } = Projection;
  return {
    IndexName,
    KeySchema,
    Projection: { ProjectionType, ...(NonKeyAttributes && { NonKeyAttributes }) },
  };
}

async function isActive(dynamodb: DynamoDBClient, TableName: string): Promise<boolean> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  return Table?.TableStatus === 'ACTIVE';
}
