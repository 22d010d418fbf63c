import { type IResource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigError, purgerSubject } from '../settings/checks/check.ts';

/** @returns the region of a resource, where it is known to be another than that of a construct's stack */
export function otherRegionOf({ env: { region } }: IResource, scope: Construct): string | undefined {
  return Token.compareStrings(region, Stack.of(scope).region) === TokenComparison.DIFFERENT
    ? region
    : undefined;
}

/**
 * @param resources by the path of the option that names them
 * @throws ConfigError with an issue for each that is in another region than the stack: AWS would refuse them all
 */
export function checkRegions(
  scope: Construct,
  resources: Readonly<Record<string, IResource | undefined>>,
): void {
  const issues = Object.entries(resources).flatMap(([path, resource]) => {
    const other = resource === undefined ? undefined : otherRegionOf(resource, scope);
    if (other === undefined) return [];
    return [`\`${path}\`: expected one of the stack's region ${Stack.of(scope).region}, got one of ${other}`];
  });
  if (issues.length > 0) throw new ConfigError(purgerSubject, issues);
}
