import type { IConstruct } from 'constructs';

/** `Validations.ACKNOWLEDGED_RULES_METADATA_KEY`, which the oldest supported version of aws-cdk-lib lacks. */
const metadataKey = 'aws:cdk:acknowledged-rules';

/**
 * Acknowledges rules of cdk-nag that do not apply to a construct and its children, with the reason. It writes the same
 * metadata as `Validations.of(construct).acknowledge()` of newer versions of CDK; it is not in the template, and has no
 * effect without cdk-nag.
 * @param reasons by the rule's name
 */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [rule, reason] of Object.entries(reasons)) {
    construct.node.addMetadata(metadataKey, { [`Annotation::${rule}`]: reason });
  }
}

/** Takes back what {@link acknowledge} has acknowledged for a construct, where an option makes it needless. */
export function takeBack(construct: IConstruct, rule: string): void {
  for (const { type, data } of construct.node.metadata) {
    if (type === metadataKey) delete (data as Record<string, string>)[`Annotation::${rule}`];
  }
}
