import * as z from 'zod';
import { configFields } from './purger-config.ts';
import { stagedFields } from './stages.ts';

/**
 * @returns the JSON Schema of a configuration file, for editors: `"$schema": "…/config.schema.json"`. What depends on
 *   several fields is checked at synth alone
 */
export function configJsonSchema(): object {
  const options = { io: 'input', unrepresentable: 'any' } as const;
  return {
    title: 'cdn-pro-purger configuration',
    anyOf: [configFields, stagedFields].map((fields) => {
      const { $schema: _, ...schema } = z.toJSONSchema(fields, options);
      const { properties, ...rest } = schema;
      return { ...rest, properties: { $schema: { type: 'string' }, ...properties } };
    }),
  };
}
