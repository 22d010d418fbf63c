import { Lazy, Names, Stack } from 'aws-cdk-lib';
import { CfnEventBus, CfnEventBusPolicy, EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { grantBusesUse } from '../../security/key-policy.ts';
import { issuesOfSize, maxBusPolicyBytes, policyOf } from '../../security/policy-limits.ts';
import type { PurgeQueue } from '../../storage/purge-queue.ts';
import { hasFeature, warnWithout } from '../region-features.ts';

/**
 * The bus for S3's events of other accounts, created with the first of them. It is separate from the account's default
 * bus, so that what they send meets no other rule of this account.
 */
export class OtherAccountsBus {
  readonly #scope: Construct;
  readonly #buffer: PurgeQueue;
  readonly #accounts = new Set<string>();
  #bus: EventBus | undefined;

  /** @param scope gets the bus as its child */
  constructor(scope: Construct, buffer: PurgeQueue) {
    this.#scope = scope;
    this.#buffer = buffer;
  }

  /** Undefined while no other account needs it. */
  get arn(): string | undefined {
    return this.#bus?.eventBusArn;
  }

  /** @returns the bus, to which the account may send */
  busFor(account: string): EventBus {
    this.#accounts.add(account);
    this.#bus ??= this.#createBus();
    return this.#bus;
  }

  #createBus(): EventBus {
    const bus = createBus(this.#scope, this.#buffer);
    grantPutEvents(bus, this.#accounts);
    return bus;
  }
}

function createBus(scope: Construct, buffer: PurgeQueue): EventBus {
  const { deadLetterQueue, protection } = buffer;
  const { encryptionKey } = protection;
  if (!hasFeature(scope, 'encryptedBus')) {
    if (encryptionKey !== undefined)
      warnWithout(scope, 'encryptedBus', "the bus for other accounts' events is encrypted by AWS's own key");
    return new EventBus(scope, 'Bus', nameOf(scope));
  }
  const props = { description: 'cdn-pro-purger: S3 events of other accounts', ...nameOf(scope) };
  if (encryptionKey === undefined) return new EventBus(scope, 'Bus', props);
  // EventBridge does not retry where it cannot use the key.
  const bus = new EventBus(scope, 'Bus', { ...props, deadLetterQueue });
  encrypt(bus, encryptionKey);
  buffer.grantEventBridgeSend('event-bus');
  return bus;
}

/**
 * CDK names a bus by its path in the app, whatever the stack is called. Of an app that is deployed twice under other names
 * of its stack, both buses would have the same name, which the account takes once.
 */
function nameOf(scope: Construct): { readonly eventBusName?: string } {
  let stack = Stack.of(scope);
  while (stack.nestedStackParent !== undefined) stack = stack.nestedStackParent;
  if (stack.stackName === stack.node.path.replaceAll('/', '-')) return {};
  return { eventBusName: `${Names.uniqueResourceName(scope, { maxLength: 240, separator: '-' })}-Bus` };
}

/** CDK's `kmsKey` would add another statement to the key's policy. */
function encrypt(bus: EventBus, key: IKey): void {
  const resource = bus.node.defaultChild;
  if (resource instanceof CfnEventBus) resource.kmsKeyIdentifier = key.keyArn;
  grantBusesUse(key);
}

/**
 * One statement for all accounts, since each one has its own ARNs and names to repeat.
 * @param accounts may grow until the app is synthesized
 */
function grantPutEvents(bus: EventBus, accounts: ReadonlySet<string>): void {
  const statementId = 'PutEvents';
  const statement = () =>
    new PolicyStatement({
      sid: statementId,
      principals: [...accounts].map((account) => new AccountPrincipal(account)),
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
    });
  new CfnEventBusPolicy(bus, statementId, {
    eventBusName: bus.eventBusName,
    statementId,
    statement: Lazy.any({ produce: () => statement().toStatementJson() }),
  });
  bus.node.addValidation({
    validate: () =>
      issuesOfSize(
        {
          resource: bus,
          policy: policyOf(statement()),
          maxBytes: maxBusPolicyBytes,
        },
        `\`buckets\` of other accounts: expected a policy of the event bus ${bus.node.path}`,
        `${accounts.size} accounts: divide them among two purgers`,
      ),
  });
}
