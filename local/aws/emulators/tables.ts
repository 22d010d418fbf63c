import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { StackTemplate } from '../template/template.ts';

const tableSchema = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
});

/** Creates the template's tables with their keys, and waits until they are active. */
export async function createTables(template: StackTemplate, dynamodb: DynamoDBClient): Promise<void> {
  for (const table of template.resources('AWS::DynamoDB::Table')) {
    const keys = template.properties(table, tableSchema);
    const TableName = template.physicalName(table);
    await dynamodb.send(new CreateTableCommand({ TableName, ...keys, BillingMode: 'PAY_PER_REQUEST' }));
    while (!(await isActive(dynamodb, TableName))) await new Promise((settle) => setTimeout(settle, 5));
  }
}

async function isActive(dynamodb: DynamoDBClient, TableName: string): Promise<boolean> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  return Table?.TableStatus === 'ACTIVE';
}
