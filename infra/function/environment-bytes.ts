import { recordOf } from '../../functions/core/model/record.ts';

/**
 * Most bytes of a function's environment, measured as JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxEnvironmentBytes = 4096;

/** The longest values of CloudFormation's pseudo parameters, in bytes. */
const pseudoParameters: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 10,
  'AWS::Region': 16,
  'AWS::URLSuffix': 16,
  'AWS::StackName': 128,
};
/** A reference or attribute that only the deployment knows: the URL of a queue has 136 at most, a table's name less. */
const unknownBytes = 136;

/** @returns the most bytes that a function's variables, as the template has them, can have at deployment */
export function environmentBytes(variables: Readonly<Record<string, unknown>>): number {
  const entries = Object.entries(variables).map(
    // Quotes, colon and comma.
    ([name, value]) => name.length + longest(value) + 6,
  );
  return entries.reduce((all, bytes) => all + bytes, 1);
}

function longest(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value)) - 2;
  const { Ref: ref, 'Fn::Join': join } = recordOf(value) ?? {};
  if (typeof ref === 'string') return pseudoParameters[ref] ?? unknownBytes;
  if (!Array.isArray(join)) return unknownBytes;
  const [separator, parts] = join as [string, readonly unknown[]];
  return parts.reduce<number>((all, part) => all + longest(part) + longest(separator), 0);
}
