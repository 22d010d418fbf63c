import * as z from 'zod';
import type { StackTemplate } from './template.ts';

const parameterSchema = z.object({ Name: z.string(), Value: z.string() });

/** @returns the values of the template's SSM parameters by their names */
export function parametersOf(template: StackTemplate): Readonly<Record<string, string>> {
  const all = template.resources('AWS::SSM::Parameter').map((resource) => {
    const { Name, Value } = template.properties(resource, parameterSchema);
    return [Name, Value] as const;
  });
  return Object.fromEntries(all);
}
