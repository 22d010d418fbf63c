import { Annotations, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Regions that lack something which the template would use, as known on 2026-11-26: from CloudFormation's schemas of each
 * region, and from AWS's public roadmap for Lambda. `docs/regions.md` has the table for users.
 */
export const lackingRegions = {
  /** A function's `RecursiveLoop`: https://github.com/aws/aws-lambda-roadmap/issues/18 */
  recursiveLoop: ['ap-southeast-6', 'mx-central-1', 'us-gov-east-1', 'us-gov-west-1'],
  /** An event bus with a description, a key and a dead letter queue. */
  encryptedBus: ['us-gov-east-1', 'us-gov-west-1'],
  /** HTTP APIs, by which webhooks come. */
  httpApi: ['ap-east-2', 'ap-southeast-6'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Feature = keyof typeof lackingRegions;

/** @returns whether the region of a construct's stack has a feature; true where only the deployment knows the region */
export function hasFeature(scope: Construct, feature: Feature): boolean {
  const without: readonly string[] = lackingRegions[feature];
  return !without.includes(Stack.of(scope).region);
}

/** Warns at synthesis where the region of a construct's stack lacks a feature. */
export function warnWithout(scope: Construct, feature: Feature, consequence: string): void {
  if (hasFeature(scope, feature)) return;
  const { region } = Stack.of(scope);
  const warning = `${region}: ${consequence}. docs/regions.md has the table.`;
  Annotations.of(scope).addWarningV2(`cdn-pro-purger:region-${feature}`, warning);
}
