import { Duration } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { PurgerFunction } from '../../function/purger-function.ts';
import type { DataProtection } from '../../security/data-protection.ts';
import { inlineBytesOf, maxInlinePolicyBytes } from '../../security/policy-limits.ts';
import { BucketConfiguration } from './bucket-configuration.ts';

/** The configurations of a purger's buckets, one for each bucket, and the function that they share. */
export class BucketConfigurations {
  readonly #scope: Construct;
  readonly #protection: DataProtection;
  readonly #byBucketName = new Map<string, BucketConfiguration>();
  #function: PurgerFunction | undefined;

  /** @param scope gets the configurations and the function as its children */
  constructor(scope: Construct, protection: DataProtection) {
    this.#scope = scope;
    this.#protection = protection;
    scope.node.addValidation({ validate: () => this.#issuesOfPolicies() });
  }

  /** @returns the configuration of a bucket, a new one if it has none yet */
  of(bucket: IBucket): BucketConfiguration {
    const known = this.#byBucketName.get(bucket.bucketName);
    if (known !== undefined) return known;
    // Not numbered: in another order, one bucket's resource would replace another's that still exists.
    const id = `Configuration${bucket.node.addr}`;
    const created = new BucketConfiguration(this.#scope, id, bucket, () => this.#configureFunction());
    this.#byBucketName.set(bucket.bucketName, created);
    return created;
  }

  #issuesOfPolicies(): string[] {
    const all = [...this.#byBucketName.values()].flatMap(({ policy }) => policy ?? []);
    const bytes = inlineBytesOf([...all, this.#function?.role?.node.tryFindChild('DefaultPolicy')]);
    if (bytes <= maxInlinePolicyBytes) return [];
    return [
      `\`buckets\`: expected policies to configure them of at most ${maxInlinePolicyBytes} bytes, got up to ${bytes} for ${all.length} buckets: configure some yourself and give these \`configureBucket: false\`, or divide them among two purgers`,
    ];
  }

  /** The function may configure no bucket until a configuration grants it. */
  #configureFunction(): PurgerFunction {
    this.#function ??= new PurgerFunction(this.#scope, 'ConfigureBucket', {
      name: 'configure-bucket',
      description: 'cdn-pro-purger: lets watched buckets send their events, when the stack is deployed',
      timeout: Duration.minutes(2),
      memorySize: 256,
      environment: {},
      protection: this.#protection,
    });
    return this.#function;
  }
}
