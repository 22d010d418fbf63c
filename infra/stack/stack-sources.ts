import { RemovalPolicy } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { CdnPurger } from '../cdn-purger.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import type { BucketSettings, QueueSettings, TopicSettings } from '../settings/sources/source-settings.ts';
import type { WebhookApiOptions, WebhookApiSettings } from '../settings/sources/webhook-api-settings.ts';

/** Where S3's events come from, as a configuration file has it. */
interface Sources {
  readonly buckets: readonly BucketSettings[];
  readonly topics: readonly TopicSettings[];
  readonly queues: readonly QueueSettings[];
}

/**
 * Creates or imports the sources that a configuration names, and lets the purger watch them. The constructs are named
 * after the sources, so that another order in the configuration changes nothing.
 */
export function watchSources(
  scope: Construct,
  purger: CdnPurger,
  { buckets, topics, queues }: Sources,
): void {
  const known = new Map<string, IBucket>();
  for (const { name, create: _, versioned: __, ...options } of buckets) {
    const bucket = known.get(name) ?? bucketOf(scope, `Bucket ${name}`, name, buckets);
    known.set(name, bucket);
    purger.watchBucket(bucket, options);
  }
  for (const { arn, ...filter } of topics) {
    purger.watchTopic(Topic.fromTopicArn(scope, `Topic ${arn}`, arn), filter);
  }
  for (const { arn: queueArn, keyArn, ...filter } of queues) {
    const attributes = { queueArn, ...(keyArn === undefined ? {} : { keyArn }) };
    purger.watchQueue(Queue.fromQueueAttributes(scope, `Queue ${queueArn}`, attributes), filter);
  }
}

function bucketOf(scope: Construct, id: string, name: string, all: readonly BucketSettings[]): IBucket {
  const same = all.filter((bucket) => bucket.name === name);
  if (!same.some(({ create }) => create === true)) return Bucket.fromBucketName(scope, id, name);
  const versioned = same.some((settings) => settings.versioned === true);
  const bucket = new Bucket(scope, id, {
    bucketName: name,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    // Not a key of the customer: see the reasons below.
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned,
    // A website must not be deleted by accident; a bucket that a failed deployment made would block the next try.
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  acknowledge(bucket, bucketReasons);
  if (!versioned) acknowledge(bucket, unversionedReasons);
  // CDK's own types do not fit together under exactOptionalPropertyTypes.
  return bucket as IBucket;
}

const unlogged =
  "The CDN's logs show who reads a site, and CloudTrail's data events who changes it, where the account records them. A bucket for server access logs would be one more to secure and to pay for.";
const bucketReasons = {
  'AwsSolutions-S1': unlogged,
  'NIST.800.53.R5-S3BucketLoggingEnabled': unlogged,
  'NIST.800.53.R5-S3BucketReplicationEnabled':
    'The site is built somewhere else and can be uploaded again; the CDN, which reads from this bucket alone, would not look for a copy in another region.',
  'NIST.800.53.R5-S3DefaultEncryptionKMS':
    'S3 encrypts the objects with its own keys. They are the pages of a site: a CDN that the bucket lets in by its addresses reads without credentials, which S3 refuses for objects under a KMS key, and one that signs would need the key as well.',
};
const unversionedReasons = {
  'NIST.800.53.R5-S3BucketVersioningEnabled':
    'What a deployment of the site overwrites can be built again, and every version would be paid for. `versioned: true` keeps them.',
};

/** @returns the options of the construct for those of a configuration file */
export function webhookApiOptions(scope: Construct, settings: WebhookApiSettings): WebhookApiOptions {
  const { certificateArn, hostedZoneId, ...options } = settings;
  return {
    ...options,
    ...(certificateArn === undefined
      ? {}
      : { certificate: Certificate.fromCertificateArn(scope, 'WebhookCertificate', certificateArn) }),
    ...(hostedZoneId === undefined
      ? {}
      : { hostedZone: HostedZone.fromHostedZoneId(scope, 'WebhookZone', hostedZoneId) }),
  };
}
