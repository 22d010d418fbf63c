import { Lazy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IDependable } from 'constructs';

/** A service that sends to a queue on behalf of a resource. */
export interface Sender {
  readonly service: string;
  /**
   * For services that have another name in some regions.
   * @default - the same name everywhere
   */
  readonly region?: string;
  /**
   * The account of the resource, for services whose ARNs have none.
   * @default - the ARN says it
   */
  readonly account?: string;
}

/** Who may send to a queue: a statement for each service and account, since the policy of a queue takes 20. */
export class QueueSenders {
  readonly #queue: Queue;
  readonly #arns = new Map<string, Set<string>>();
  #policy: IDependable | undefined;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /**
   * Lets a service send for the resource of this ARN.
   * @returns what has to be there before it does
   */
  allow(sender: Sender, sourceArn: string): IDependable | undefined {
    const key = JSON.stringify([sender.service, sender.region, sender.account]);
    const arns = this.#arns.get(key);
    if (arns === undefined) this.#addStatement(sender, this.#setFor(key, sourceArn));
    else arns.add(sourceArn);
    return this.#policy;
  }

  #setFor(key: string, arn: string): ReadonlySet<string> {
    const arns = new Set([arn]);
    this.#arns.set(key, arns);
    return arns;
  }

  #addStatement({ service, region, account }: Sender, arns: ReadonlySet<string>): void {
    const statement = new PolicyStatement({
      principals: [new ServicePrincipal(service, region === undefined ? {} : { region })],
      actions: ['sqs:SendMessage'],
      resources: [this.#queue.queueArn],
      conditions: {
        ArnLike: { 'aws:SourceArn': Lazy.list({ produce: () => [...arns] }) },
        ...(account === undefined ? {} : { StringEquals: { 'aws:SourceAccount': account } }),
      },
    });
    this.#policy = this.#queue.addToResourcePolicy(statement).policyDependable ?? this.#policy;
  }
}
