import { createHash } from 'node:crypto';
import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The name of an alarm takes 255 characters, of which the longest of ours adds 91 to the purger's. */
const maxPurgerName = 164;
/** The longest name of a stack, for those that only the deployment knows. */
const maxStackName = 128;

/**
 * @returns the stack's name and the construct's path in it. CloudWatch takes ASCII alone in dimensions; where another
 *   character is replaced or the path is shortened, a hash keeps names apart.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
 */
export function purgerNameOf(construct: Construct): string {
  const stack = Stack.of(construct);
  const path = construct.node.scopes
    .slice(construct.node.scopes.indexOf(stack) + 1)
    .map(({ node }) => node.id)
    .join('-');
  const { stackName } = stack;
  const rest = maxPurgerName - 1 - (Token.isUnresolved(stackName) ? maxStackName : stackName.length);
  return `${stackName}-${safeName(path, /[^\x20-\x7e]/g, rest)}`;
}

/**
 * @returns the name of a dashboard, which is unique in an account, while a stack's only is in each region
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
 */
export function dashboardNameOf(purgerName: string, region: string): string {
  const known = Token.isUnresolved(purgerName) ? purgerName : safeName(purgerName, /[^\w-]/g, 200);
  return `${known}-${region}`;
}

function safeName(name: string, refused: RegExp, maxLength: number): string {
  const safe = name.replace(refused, '-');
  if (safe === name && name.length <= maxLength) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${safe.slice(0, maxLength - hash.length - 1)}-${hash}`;
}
