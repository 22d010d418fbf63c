import type { Template } from './assembly.ts';

/**
 * The types of resources that the local stack runs, with the properties that it acts on and those without which it does
 * the same work (encryption, retention, descriptions).
 */
const supportedProperties: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': 'Description DisableExecuteApiEndpoint Name ProtocolType',
  'AWS::ApiGatewayV2::ApiMapping': 'ApiId DomainName Stage',
  'AWS::ApiGatewayV2::DomainName': 'DomainName DomainNameConfigurations',
  'AWS::ApiGatewayV2::Integration':
    'ApiId IntegrationType IntegrationUri PayloadFormatVersion TimeoutInMillis',
  'AWS::ApiGatewayV2::Route': 'ApiId AuthorizationType RouteKey Target',
  'AWS::ApiGatewayV2::Stage':
    'AccessLogSettings ApiId AutoDeploy DefaultRouteSettings RouteSettings StageName',
  'AWS::DynamoDB::Table':
    'AttributeDefinitions BillingMode DeletionProtectionEnabled GlobalSecondaryIndexes KeySchema PointInTimeRecoverySpecification ResourcePolicy SSESpecification TableName TimeToLiveSpecification',
  'AWS::Events::EventBus': 'DeadLetterConfig Description KmsKeyIdentifier Name',
  'AWS::Events::Rule': 'Description EventBusName EventPattern Name ScheduleExpression State Targets',
  'AWS::Lambda::EventInvokeConfig':
    'DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier',
  'AWS::Lambda::EventSourceMapping':
    'BatchSize Enabled EventSourceArn FunctionName FunctionResponseTypes MaximumBatchingWindowInSeconds ScalingConfig',
  'AWS::Lambda::Function':
    'Architectures Code Description Environment FunctionName Handler KmsKeyArn LoggingConfig MemorySize RecursiveLoop Role Runtime Timeout',
  'AWS::S3::Bucket':
    'BucketEncryption BucketName NotificationConfiguration PublicAccessBlockConfiguration VersioningConfiguration',
  'AWS::SNS::Subscription': 'Endpoint Protocol RawMessageDelivery RedrivePolicy Region TopicArn',
  'AWS::SNS::Topic': 'DisplayName KmsMasterKeyId TopicName',
  'AWS::SSM::Parameter': 'Description Name Tier Type Value',
  'AWS::SQS::Queue':
    'KmsMasterKeyId MessageRetentionPeriod QueueName RedrivePolicy SqsManagedSseEnabled VisibilityTimeout',
  'Custom::PurgerBucketConfiguration': 'BucketName Configuration ServiceTimeout ServiceToken',
};

/** Types without which a local stack does the same work: permissions, monitoring and set-up. */
const ignoredTypes =
  /^AWS::((CDK|CloudWatch|IAM|KMS|Logs|Route53)::|(Events::EventBusPolicy|Lambda::Permission|S3::BucketPolicy|SNS::TopicPolicy|SQS::QueuePolicy)$)/;

/** Subscriptions of queues, and those that only notify people. */
const supportedProtocols: readonly unknown[] = ['sqs', 'email'];

/** @returns one sentence for each type and each property of a template that the local stack leaves out */
export function unsupportedIn({ Resources }: Pick<Template, 'Resources'>): readonly string[] {
  const all = Object.entries(Resources).filter(([, { Type }]) => !ignoredTypes.test(Type));
  const left = all.flatMap(([id, { Type, Properties }]) => {
    const supported = supportedProperties[Type]?.split(' ');
    if (supported === undefined) return [{ id, what: Type }];
    if (Type === 'AWS::SNS::Subscription' && !supportedProtocols.includes(Properties.Protocol)) {
      return [{ id, what: `${Type} by ${Properties.Protocol}` }];
    }
    const properties = Object.keys(Properties).filter((name) => !supported.includes(name));
    return properties.map((name) => ({ id, what: `${Type} ${name}` }));
  });
  const grouped = Map.groupBy(left, ({ what }) => what);
  return [...grouped].map(
    ([what, found]) =>
      `${what} is not supported by the local stack and is left out (${found.map(({ id }) => id).join(', ')}).`,
  );
}
