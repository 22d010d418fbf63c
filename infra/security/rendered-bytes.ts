import { recordOf } from '../../functions/core/model/record.ts';

/** The longest values of CloudFormation's pseudo parameters, in bytes. */
const pseudoParameters: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 10,
  'AWS::Region': 16,
  'AWS::URLSuffix': 16,
  'AWS::StackName': 128,
};
/** A reference or attribute that only the deployment knows, such as the ARN or URL of a queue of the stack. */
const unknownBytes = 140;

/**
 * AWS's limits on what a template says are for what CloudFormation makes of it.
 * @param value a resolved part of a template
 * @returns the most bytes that it can have at deployment, as JSON without white space
 */
export function renderedBytes(value: unknown): number {
  if (Array.isArray(value)) return listBytes(value.map(renderedBytes));
  const fields = recordOf(value);
  if (fields === undefined) return Buffer.byteLength(JSON.stringify(value) ?? '');
  const { Ref: ref, 'Fn::Join': join } = fields;
  const [name = ''] = Object.keys(fields);
  if (typeof ref === 'string') return (pseudoParameters[ref] ?? unknownBytes) + 2;
  if (Array.isArray(join)) return joinedBytes(join as [string, readonly unknown[]]) + 2;
  if (name.startsWith('Fn::')) return unknownBytes + 2;
  return listBytes(
    Object.entries(fields).map(([name, each]) => Buffer.byteLength(name) + 3 + renderedBytes(each)),
  );
}

/** Brackets around, commas between. */
function listBytes(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all + size + 1, 1 + (sizes.length === 0 ? 1 : 0));
}

/** Without the quotes around each part. */
function joinedBytes([separator, parts]: [string, readonly unknown[]]): number {
  return parts.reduce<number>((all, part) => all + renderedBytes(part) - 2 + separator.length, 0);
}
