import { createHash } from 'node:crypto';
import { Duration, Token } from 'aws-cdk-lib';
import { type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { LostEvents } from '../../monitoring/lost-events.ts';
import { ConfigError, purgerSubject } from '../../settings/checks/check.ts';
import type { PurgeQueue } from '../../storage/purge-queue.ts';
import { type Keys, keyPattern } from './key-pattern.ts';
import { OtherAccountsBus } from './other-accounts-bus.ts';
import type { S3EventQueue } from './s3-event-queue.ts';

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const maxPatternCharacters = 2048;
/** On one bus; it cannot be raised, and other rules of the account count, too. */
const maxWildcardRules = 30;
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const maxBucketName = 63;

/** Options that the rules of buckets have in common. */
export interface BucketRulesProps {
  readonly buffer: PurgeQueue;
  readonly lostEvents: LostEvents;
}

/** The EventBridge rules that bring the events of buckets into the receiver's queue. */
export class BucketRules {
  readonly otherAccounts: OtherAccountsBus;
  readonly #scope: Construct;
  readonly #props: BucketRulesProps;
  readonly #wildcards = { own: 0, others: 0 };

  /** @param scope gets the rules as its children */
  constructor(scope: Construct, props: BucketRulesProps) {
    this.#scope = scope;
    this.#props = props;
    this.otherAccounts = new OtherAccountsBus(scope, props.buffer);
  }

  /**
   * Adds the rule for a bucket's keys.
   * @param eventQueue gets the events
   * @param account the bucket's, where that is not the stack's
   */
  add(bucket: IBucket, keys: Keys, eventQueue: S3EventQueue, account: string | undefined): Rule {
    const { buffer, lostEvents } = this.#props;
    const allowed = [buffer.grantEventBridgeSend('rule'), eventQueue.allowRules()];
    checkPatternSize(bucket, keys, account);
    if (keys.prefix !== undefined && keys.suffix !== undefined) {
      this.#countWildcard(account === undefined ? 'own' : 'others');
    }
    const bus = account === undefined ? undefined : this.otherAccounts.busFor(account);
    const rule = new Rule(this.#scope, ruleId(bucket, keys, account), {
      description: 'cdn-pro-purger: objects that are put or deleted',
      ...(bus === undefined ? {} : { eventBus: bus }),
      eventPattern: eventPattern(bucket, keys, account),
      targets: [targetOf(eventQueue.queue, buffer.deadLetterQueue)],
    });
    // EventBridge does not try again where a queue does not let it in.
    rule.node.addDependency(...allowed.filter((each) => each !== undefined));
    lostEvents.addRule(rule, bus);
    return rule;
  }

  /** @throws ConfigError where a bus would have more rules with a wildcard than EventBridge takes */
  #countWildcard(bus: 'own' | 'others'): void {
    this.#wildcards[bus]++;
    if (this.#wildcards[bus] <= maxWildcardRules) return;
    throw new ConfigError(purgerSubject, [
      `\`buckets\`: expected at most ${maxWildcardRules} with both \`prefix\` and \`suffix\` by EventBridge, got more: leave one of both out, or watch some \`via: 'notification'\``,
    ]);
  }
}

/** CDK's `SqsQueue` adds a statement for each rule to the policies of both queues, which take twenty. */
function targetOf(queue: IQueue, deadLetterQueue: IQueue): IRuleTarget {
  return {
    bind: () => ({
      arn: queue.queueArn,
      targetResource: queue,
      deadLetterConfig: { arn: deadLetterQueue.queueArn },
      // The most that EventBridge offers.
      retryPolicy: { maximumEventAgeInSeconds: Duration.hours(24).toSeconds(), maximumRetryAttempts: 185 },
    }),
  };
}

/** Other keys are another rule, so that CloudFormation creates it before it deletes the former one. */
function ruleId({ node }: IBucket, { prefix, suffix }: Keys, account: string | undefined): string {
  const identity = JSON.stringify([node.addr, prefix, suffix, account]);
  return `Rule${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
}

/**
 * Each length in which the end of the prefix is the beginning of the suffix is another alternative of the pattern.
 * @throws ConfigError where EventBridge would not take it
 */
function checkPatternSize(bucket: IBucket, keys: Keys, account: string | undefined): void {
  const bucketName = Token.isUnresolved(bucket.bucketName) ? 'x'.repeat(maxBucketName) : bucket.bucketName;
  const { length } = JSON.stringify(eventPattern({ bucketName }, keys, account));
  if (length <= maxPatternCharacters) return;
  throw new ConfigError(purgerSubject, [
    `\`buckets\`: expected \`prefix\` and \`suffix\` of ${bucket.node.path} to make an event pattern of at most ${maxPatternCharacters} characters, got ${length}: shorten one of them, or watch it \`via: 'notification'\``,
  ]);
}

function eventPattern({ bucketName }: Pick<IBucket, 'bucketName'>, keys: Keys, account: string | undefined) {
  const key = keyPattern(keys);
  return {
    ...(account === undefined ? {} : { account: [account] }),
    source: ['aws.s3'],
    detailType: ['Object Created', 'Object Deleted'],
    detail: {
      bucket: { name: [bucketName] },
      ...(key === undefined ? {} : { object: { key: [...key] } }),
    },
  };
}
