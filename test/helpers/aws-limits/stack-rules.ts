import { type AwsRule, bytesOf, each, field, listAt, numberAt, textAt } from './rule.ts';

const cloudFormation =
  'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html';
/** Properties that give a resource a name. */
const names = [
  'BucketName',
  'QueueName',
  'TableName',
  'LogGroupName',
  'TopicName',
  'FunctionName',
  'RoleName',
  'Name',
];

/** What a stack and its other resources may say. */
export const stackRules: readonly AwsRule[] = [
  {
    name: 'a stack has 500 resources at most, and a template 1 MB',
    page: cloudFormation,
    broken: (resources) =>
      resources.length > 500 || bytesOf(resources.map(({ raw }) => raw)) > 1_000_000 ? ['the template'] : [],
  },
  {
    name: 'nothing with a fixed name stays after a first deployment that failed: the next one could not make it',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html',
    broken: (resources) =>
      resources
        .filter(({ type, raw, deletionPolicy }) => {
          const isNamed = names.some((name) => raw[name] !== undefined && !isUnique(raw[name]));
          return isNamed && deletionPolicy === 'Retain' && !type.startsWith('Custom::');
        })
        .map(({ id }) => id),
  },
  {
    name: 'what outlives the stack has no fixed name but that of a bucket: another stack of the name could not make it',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html',
    broken: (resources) =>
      resources
        .filter(({ type, raw, deletionPolicy }) => {
          const isNamed = names.some((name) => raw[name] !== undefined && !isUnique(raw[name]));
          return isNamed && deletionPolicy?.startsWith('Retain') && type !== 'AWS::S3::Bucket';
        })
        .map(({ id }) => id),
  },
  {
    name: 'a role has a description of 1,000 characters of Latin-1 at most',
    page: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html',
    broken: each(
      'AWS::IAM::Role',
      (role) => !/^[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}$/.test(textAt(role, 'Description')),
    ),
  },
  {
    name: 'the name of a bucket has 3 to 63 lower-case letters, digits, dots and hyphens',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html',
    broken: each('AWS::S3::Bucket', (bucket) => {
      const name = field(bucket, 'BucketName');
      return name !== undefined && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(String(name));
    }),
  },
  {
    name: 'a custom resource waits for an hour at most',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html',
    broken: each(
      'Custom::PurgerBucketConfiguration',
      (resource) => numberAt(resource, 'ServiceTimeout', 3600) > 3600,
    ),
  },
  {
    name: 'an HTTP API waits for 30 s at most, logs on one line of 3 KB with a request ID, and has 300 routes',
    page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html',
    broken: (resources) => [
      ...each(
        'AWS::ApiGatewayV2::Integration',
        (each) => numberAt(each, 'TimeoutInMillis', 30_000) > 30_000,
      )(resources),
      ...each('AWS::ApiGatewayV2::Stage', (stage) => {
        const format = textAt(stage, 'AccessLogSettings.Format');
        return (
          format !== '' &&
          (/\n/.test(format) || format.length > 3072 || !format.includes('$context.requestId'))
        );
      })(resources),
      ...(resources.filter(({ type }) => type === 'AWS::ApiGatewayV2::Route').length > 300
        ? ['the API']
        : []),
    ],
  },
  {
    name: 'a bucket has 100 notifications of a stack at most, each with its own ID of 255 characters',
    page: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html',
    broken: each('Custom::PurgerBucketConfiguration', (resource) => {
      const { queues, idPrefix } = JSON.parse(textAt(resource, 'Configuration')) as {
        readonly queues: readonly unknown[];
        readonly idPrefix: string;
      };
      return queues.length > 100 || idPrefix.length > 250;
    }),
  },
  {
    name: 'a parameter of SSM has 8 KB at most',
    page: 'https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
    broken: each('AWS::SSM::Parameter', (parameter) => Buffer.byteLength(textAt(parameter, 'Value')) > 8192),
  },
  {
    name: 'a table has 20 indexes at most',
    page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html',
    broken: each('AWS::DynamoDB::Table', (table) => listAt(table, 'GlobalSecondaryIndexes').length > 20),
  },
];

/** Whether a name has something in it that no other stack has. */
function isUnique(name: unknown): boolean {
  return /AWS::StackId|"Ref":"(?!AWS::)/.test(JSON.stringify(name));
}
