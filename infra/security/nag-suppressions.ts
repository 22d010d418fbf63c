import type { IConstruct } from 'constructs';

/** `Validations.ACKNOWLEDGED_RULES_METADATA_KEY`, which the older of the supported versions of aws-cdk-lib lack. */
const metadataKey = 'aws:cdk:acknowledged-rules';

/**
 * Says, for those who check their app with cdk-nag, why a rule does not apply to a construct and what is in it. It is
 * what `Validations.of(construct).acknowledge()` of newer versions of CDK writes; without cdk-nag it has no effect, and
 * it is not in the template.
 * @param reasons by the rule's name
 */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [rule, reason] of Object.entries(reasons)) {
    construct.node.addMetadata(metadataKey, { [`Annotation::${rule}`]: reason });
  }
}
