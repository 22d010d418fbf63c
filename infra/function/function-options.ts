import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import * as z from 'zod';
import { environment } from '../../functions/lambda/environment.ts';
import { acknowledge, takeBack } from '../security/nag-suppressions.ts';
import { check, purgerSubject } from '../settings/checks/check.ts';
import { expected, strictObject, trueOrFalse, wholeNumber } from '../settings/checks/schema.ts';
import type { ValidationIssue } from '../settings/checks/validation-issue.ts';

const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

/** How the functions run. */
export interface FunctionOptions {
  /**
   * Memory of each function, in MB, 256 to 10,240. CPU grows with it.
   * @default - 512, and 256 for `probe`
   */
  readonly memorySize?: number;
  /**
   * The least important lines that are logged. The commands and filters of `docs/operations.md` need `INFO`.
   * @default 'INFO'
   */
  readonly logLevel?: (typeof logLevels)[number];
  /**
   * Whether X-Ray traces invocations, which costs by the trace.
   * @default false
   */
  readonly tracing?: boolean;
  /**
   * A VPC for the functions that send requests to CDN Pro, `submit` and `tick`, for a fixed address. Its subnets need a way
   * to CDN Pro, SQS, DynamoDB, Secrets Manager and Lambda, such as a NAT gateway.
   * @default - none
   */
  readonly vpc?: IVpc;
  /**
   * The subnets of the VPC.
   * @default - those with a way out
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Security groups in the VPC.
   * @default - a new one that lets everything out
   */
  readonly securityGroups?: readonly ISecurityGroup[];
}

const schema = strictObject({
  functionOptions: strictObject({
    memorySize: wholeNumber(256, 10_240).optional(),
    logLevel: z.enum(logLevels, expected(logLevels.map((level) => `"${level}"`).join(', '))).optional(),
    tracing: trueOrFalse.optional(),
  }),
});

/**
 * Checks the options of functions.
 * @throws ConfigError with every issue
 */
export function checkFunctionOptions(options: FunctionOptions): void {
  const { vpc, vpcSubnets, securityGroups, ...functionOptions } = options;
  check(schema, { functionOptions }, purgerSubject, () => [
    ...(vpc === undefined && (vpcSubnets ?? securityGroups) !== undefined
      ? [
          {
            path: ['functionOptions', 'vpc'],
            message: 'expected a VPC with its subnets or security groups, got nothing',
          },
        ]
      : []),
    ...(vpc === undefined ? [] : issuesOfSubnets(vpc, vpcSubnets)),
    ...(securityGroups?.length === 0
      ? [
          {
            path: ['functionOptions', 'securityGroups'],
            message: 'expected a security group at least, or none to have one made, got an empty list',
          },
        ]
      : []),
  ]);
}

/** Lambda gives a function no public address: in a public subnet it reaches neither AWS nor CDN Pro. */
function issuesOfSubnets(vpc: IVpc, vpcSubnets: SubnetSelection | undefined): readonly ValidationIssue[] {
  if (vpcSubnets === undefined && vpc.privateSubnets.length === 0) {
    const message =
      'expected a VPC with private subnets that have a way out, got one without: name others in `vpcSubnets`, or leave the VPC out';
    return [{ path: ['functionOptions', 'vpc'], message }];
  }
  const { subnetIds, hasPublic, isPendingLookup } = vpc.selectSubnets(vpcSubnets);
  if (subnetIds.length === 0 && isPendingLookup !== true) {
    // Lambda takes it for no VPC, or refuses the security groups.
    const message = 'expected a subnet at least, got none';
    return [{ path: ['functionOptions', 'vpcSubnets'], message }];
  }
  if (!hasPublic) return [];
  const message = 'expected private subnets, got a public one, in which a function has no way out';
  return [{ path: ['functionOptions', 'vpcSubnets'], message }];
}

/** Applies options to a function that is there already. */
export function applyOptions(fn: LambdaFunction, { memorySize, logLevel, tracing }: FunctionOptions): void {
  const resource = fn.node.defaultChild as CfnFunction;
  if (memorySize !== undefined) resource.memorySize = memorySize;
  // Lambda's own level would hold back metrics, too, which are lines of the log.
  if (logLevel !== undefined) fn.addEnvironment(environment.logLevel, logLevel);
  if (tracing !== true) return;
  resource.tracingConfig = { mode: 'Active' };
  // X-Ray knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
  const actions = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
  grantOnAll(fn, actions);
  takeBack(fn, 'Serverless-LambdaTracing');
}

/** Places a function in a VPC. */
export function applyVpc(fn: LambdaFunction, { vpc, vpcSubnets, securityGroups }: FunctionOptions): void {
  if (vpc === undefined) return;
  const groups = securityGroups ?? [
    new SecurityGroup(fn, 'SecurityGroup', {
      vpc,
      description: 'cdn-pro-purger: requests to CDN Pro and AWS',
    }),
  ];
  const { subnetIds } = vpc.selectSubnets(vpcSubnets);
  (fn.node.defaultChild as CfnFunction).vpcConfig = {
    subnetIds,
    securityGroupIds: groups.map(({ securityGroupId }) => securityGroupId),
  };
  // Network interfaces have no names before they are made: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  grantOnAll(fn, actions);
  takeBack(fn, 'NIST.800.53.R5-LambdaInsideVPC');
}

function grantOnAll(fn: LambdaFunction, actions: string[]): void {
  // Not the function's own method: by a flag of CDK's it makes policies that may come after the function, which Lambda then
  // refuses to place in a VPC.
  fn.role?.addToPrincipalPolicy(new PolicyStatement({ actions, resources: ['*'] }));
  if (fn.role === undefined) return;
  acknowledge(fn.role, {
    'AwsSolutions-IAM5[Resource::*]':
      'Tracing and network interfaces, which `functionOptions` asks for, can only be granted on every resource.',
  });
}
