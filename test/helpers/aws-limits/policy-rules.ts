import { type AwsRule, bytesOf, each, field, groupedBy, listAt } from './rule.ts';

const sqs = 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html';
const iam = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html';

/** What policies may hold. */
export const policyRules: readonly AwsRule[] = [
  {
    name: 'the policy of a queue has 20 statements at most',
    page: sqs,
    broken: each('AWS::SQS::QueuePolicy', (policy) => listAt(policy, 'PolicyDocument.Statement').length > 20),
  },
  {
    name: 'the policy of a queue has 8,192 bytes at most',
    page: sqs,
    broken: each('AWS::SQS::QueuePolicy', (policy) => bytesOf(field(policy, 'PolicyDocument')) > 8192),
  },
  {
    name: 'a queue has one policy: another would replace it',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html',
    broken: (resources) =>
      groupedBy(resources, 'AWS::SQS::QueuePolicy', (policy) => field(policy, 'Queues')).flatMap(
        ([queues, policies]) => (policies.length > 1 ? [queues] : []),
      ),
  },
  {
    name: 'the inline policies of a role have 10,240 characters at most, all together',
    page: iam,
    broken: (resources) =>
      groupedBy(resources, 'AWS::IAM::Policy', (policy) => field(policy, 'Roles')).flatMap(
        ([role, policies]) =>
          policies.reduce((all, policy) => all + bytesOf(field(policy, 'PolicyDocument')), 0) > 10_240
            ? [role]
            : [],
      ),
  },
  {
    name: 'a managed policy has 6,144 characters at most, and a role ten of them',
    page: iam,
    broken: (resources) => [
      ...each(
        'AWS::IAM::ManagedPolicy',
        (policy) => bytesOf(field(policy, 'PolicyDocument')) > 6144,
      )(resources),
      ...each('AWS::IAM::Role', (role) => listAt(role, 'ManagedPolicyArns').length > 10)(resources),
    ],
  },
  {
    name: 'the policy of a function has 20,480 bytes at most',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
    broken: (resources) =>
      groupedBy(resources, 'AWS::Lambda::Permission', (permission) =>
        field(permission, 'FunctionName'),
      ).flatMap(([fn, permissions]) =>
        // Sid, effect, principal, action, resource and conditions around what is rendered.
        permissions.reduce((all, permission) => all + bytesOf(permission.properties) + 200, 0) > 20_480
          ? [fn]
          : [],
      ),
  },
  {
    name: 'the policy of a key has 32 KB at most',
    page: 'https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html',
    broken: each('AWS::KMS::Key', (key) => bytesOf(field(key, 'KeyPolicy')) > 32_768),
  },
  {
    name: 'the policy of a table has 20 KB at most',
    page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html',
    broken: each('AWS::DynamoDB::Table', (table) => bytesOf(field(table, 'ResourcePolicy') ?? '') > 20_480),
  },
  {
    name: 'the policy of a bus has 10,240 characters at most, all statements together',
    page: 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html',
    broken: (resources) =>
      groupedBy(resources, 'AWS::Events::EventBusPolicy', (policy) => field(policy, 'EventBusName')).flatMap(
        ([bus, policies]) =>
          policies.reduce((all, policy) => all + bytesOf(field(policy, 'Statement')), 0) > 10_240
            ? [bus]
            : [],
      ),
  },
  {
    name: "an API's access log is under /aws/vendedlogs/: the resource policy for others is full with some of them",
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html',
    broken: (resources) => {
      const logged = resources.flatMap((stage) => {
        const arn =
          stage.type === 'AWS::ApiGatewayV2::Stage' && field({ properties: stage.raw }, 'AccessLogSettings');
        return arn ? [JSON.stringify(arn)] : [];
      });
      return each(
        'AWS::Logs::LogGroup',
        ({ id, properties }) =>
          logged.some((arn) => arn.includes(id)) &&
          !String(properties.LogGroupName).startsWith('/aws/vendedlogs/'),
      )(resources);
    },
  },
];
