import { Lazy, Stack, Token } from 'aws-cdk-lib';
import { Grant, type IGrantable, type IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { ObjectFilter } from '../../functions/core/model/objects/object-filter.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import type { PurgerFunction } from '../function/purger-function.ts';
import { renderedBytes } from '../security/rendered-bytes.ts';
import { grantReadSecret, secretIdFor } from '../security/secrets.ts';
import { limitsOf } from '../settings/limits-settings.ts';
import { planningOf } from '../settings/planning-settings.ts';
import { vantagesOf } from '../settings/probe-settings.ts';
import { hostsOf } from '../settings/rules/rule-hosts.ts';
import type { CompleteSettings } from '../settings/settings.ts';
import { nameFor } from '../storage/shared-ledger.ts';
import type { Webhook } from '../webhook.ts';
import { type PurgerDescription, parameterRoot, type WatchedBucket } from './description.ts';
import { grantChange, grantRead, type OperatedParts } from './grants.ts';
import { Room } from './room.ts';

/** Options of an {@link Operation}. */
export interface OperationProps extends OperatedParts {
  /** The stack's name and the construct's path in it. */
  readonly purgerName: string;
  readonly settings: CompleteSettings;
  readonly endpoint: string;
  /** What may be added until the app is synthesized. */
  readonly receivers: () => {
    readonly inbox: IQueue | undefined;
    readonly watchedQueues: readonly IQueue[];
    readonly webhookUrl: string | undefined;
    readonly receiveS3: PurgerFunction | undefined;
    readonly receiveWebhook: PurgerFunction | undefined;
    /** The objects whose changes come. */
    readonly watched: readonly ObjectFilter[];
  };
}

/** The most that SSM takes. Lists get what the rest leaves. */
const maxBytes = 8192;
/** Buckets and hosts, of which there may be any number, get so many characters each. */
const maxListLength = 1200;
/** Of a list that is of no use in part. */
const maxWholeListLength = 600;
/** A queue's URL has up to 140 characters. */
const maxWatchedQueues = 20;

/** What the command line needs: the parameter by which `--stack` finds the purger, and the right to use it. */
export class Operation extends Construct {
  /** What the names of the parameters of this stack's purgers begin with. */
  readonly folder: string;
  readonly #props: OperationProps;
  readonly #webhooks: Webhook[] = [];
  readonly #buckets: { readonly bucket: IBucket; readonly via: WatchedBucket['via'] }[] = [];
  readonly #operators: IGrantable[] = [];
  /** Who may read already: the IDs of their statements are unique. */
  readonly #readers = new Set<IPrincipal>();

  constructor(scope: Construct, id: string, props: OperationProps) {
    super(scope, id);
    this.#props = props;
    const stack = Stack.of(this);
    this.folder = `${parameterRoot}/${stack.stackName}`;
    new CfnParameter(this, 'Parameter', {
      name: `${this.folder}/${this.#nameInStack()}`,
      description: 'cdn-pro-purger: where the command line finds queues, tables and secrets',
      type: 'String',
      // More than 4 KB costs 5 cents a month, which a purger needs only with many sources.
      tier: 'Intelligent-Tiering',
      // Resolved in its context, by which CDK finds references to other stacks.
      value: Token.asString(
        Lazy.uncachedAny({
          produce: (context) => escapeBraces(context.resolve(stack.toJsonString(this.#describe()))),
        }),
      ),
    });
  }

  /** Tells `doctor` of a webhook, and lets operators read its secrets. */
  addWebhook(webhook: Webhook): void {
    this.#webhooks.push(webhook);
    for (const operator of this.#operators) grantSecrets(webhook, operator);
  }

  /** Tells `doctor` of a bucket, and lets operators look whether it sends its events. */
  addBucket(bucket: IBucket, via: WatchedBucket['via'] = 'eventbridge'): void {
    this.#buckets.push({ bucket, via });
    for (const operator of this.#operators) grantNotification(bucket, operator);
  }

  /** Lets a grantee run the commands that change nothing. */
  grantRead(grantee: IGrantable): void {
    if (this.#readers.has(grantee.grantPrincipal)) return;
    this.#readers.add(grantee.grantPrincipal);
    grantRead(this.#operated, grantee);
  }

  /** Lets a grantee run every command. */
  grantOperate(grantee: IGrantable): void {
    this.grantRead(grantee);
    grantChange(this.#operated, grantee);
    this.#operators.push(grantee);
    for (const webhook of this.#webhooks) grantSecrets(webhook, grantee);
    for (const { bucket } of this.#buckets) grantNotification(bucket, grantee);
  }

  get #operated() {
    const { receivers, ...props } = this.#props;
    const { submit } = props;
    return {
      ...props,
      scope: this,
      folder: this.folder,
      inbox: () => receivers().inbox,
      watchedQueues: () => receivers().watchedQueues.slice(0, maxWatchedQueues),
      logGroups: () => this.#logGroups(),
      withRules: () => [submit.function, receivers().receiveWebhook].flatMap((each) => each ?? []),
    };
  }

  #logGroups(): readonly ILogGroup[] {
    const { receivers, submit, tick } = this.#props;
    const { receiveS3, receiveWebhook } = receivers();
    const all = [receiveS3, receiveWebhook, submit.function, tick.function];
    return all.flatMap((each) => each?.logGroup ?? []);
  }

  /** A parameter's name has letters, digits and `_.-`; a construct's path may have anything. */
  #nameInStack(): string {
    const path = this.#props.purgerName.slice(Stack.of(this).stackName.length + 1);
    const plain = path.replace(/[^\w.-]/g, '_');
    return plain === path ? path : `${plain}-${this.node.addr.slice(-8)}`;
  }

  /** @returns a description with as much of its lists as there is room for, the most useful first */
  #describe(): PurgerDescription {
    const { settings } = this.#props;
    const { watchedQueues, watched: objects } = this.#props.receivers();
    const most = this.#withoutLists();
    const counts = { watchedLeftOut: watchedQueues.length, webhooksLeftOut: this.#webhooks.length };
    const room = new Room(maxBytes - this.#bytesOf({ ...most, ...counts }), (value) => this.#bytesOf(value));
    const queues = room.fit(
      watchedQueues.slice(0, maxWatchedQueues).map(({ queueUrl }) => queueUrl),
      Number.POSITIVE_INFINITY,
    );
    const watchedLeftOut = watchedQueues.length - queues.length;
    const all = this.#buckets.map(({ bucket, via }) => ({ name: bucket.bucketName, via }));
    const buckets = room.fit(all, maxListLength);
    const hosts = room.fit(hostsOf(settings), maxListLength);
    const watched = JSON.stringify(objects).length <= maxWholeListLength && room.fitsWhole(objects);
    const webhooks = room.fit(
      this.#webhooks.map(({ name, secrets }) => ({
        name,
        secrets: secrets.map((secret) => secretIdFor(this, secret)),
      })),
      Number.POSITIVE_INFINITY,
    );
    const webhooksLeftOut = this.#webhooks.length - webhooks.length;
    return {
      ...most,
      queues: {
        ...most.queues,
        ...(queues.length > 0 && { watched: queues }),
        ...(watchedLeftOut > 0 && { watchedLeftOut }),
      },
      webhooks,
      ...(webhooksLeftOut > 0 && { webhooksLeftOut }),
      buckets,
      hosts,
      ...(watched && { watched: objects }),
      leftOut: all.length - buckets.length + hostsOf(settings).length - hosts.length,
    };
  }

  #bytesOf(value: unknown): number {
    return renderedBytes(escapeBraces(Stack.of(this).resolve(value)));
  }

  #withoutLists(): PurgerDescription {
    const { purgerName, settings, credentials, endpoint, submit, tick } = this.#props;
    const { windowTable, objectsTable, parked, journal } = this.#props;
    const { inbox, webhookUrl, receiveWebhook } = this.#props.receivers();
    return {
      v: 1,
      name: purgerName,
      target: settings.target,
      ...(settings.mode === 'observe' && { mode: settings.mode }),
      credentials: secretIdFor(this, credentials),
      endpoint,
      queues: {
        buffer: submit.buffer.queue.queueUrl,
        deadLetters: submit.buffer.deadLetterQueue.queueUrl,
        ...(inbox && { inbox: inbox.queueUrl }),
      },
      tables: {
        ledger: nameFor(this, windowTable),
        parked: parked.table.tableName,
        journal: journal.table.tableName,
        objects: objectsTable.tableName,
      },
      limits: limitsOf(settings),
      planning: planningOf(settings),
      switches: { submit: submit.eventSource.eventSourceMappingId, tick: tick.schedule.ruleName },
      ...(webhookUrl !== undefined && { webhookUrl }),
      webhooks: [],
      buckets: [],
      hosts: [],
      vantages: vantagesOf(settings.target, settings.probe?.edges ?? [])[settings.target],
      logGroups: this.#logGroups().map(({ logGroupName }) => logGroupName),
      functions: {
        submit: submit.function.functionName,
        ...(receiveWebhook && { receiveWebhook: receiveWebhook.functionName }),
      },
      leftOut: 0,
    };
  }
}

/** Double braces, except those of a reference that CloudFormation replaces by its value, before SSM sees it. */
const doubleBraces = /\{\{(?!resolve:(?:ssm|ssm-secure|secretsmanager):)/g;

/**
 * SSM refuses values in double braces, which JSON has in strings alone.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
 */
function escapeBraces(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(doubleBraces, String.raw`{\u007b`);
  if (Array.isArray(value)) return value.map(escapeBraces);
  const fields = recordOf(value);
  if (fields === undefined) return value;
  return Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, escapeBraces(each)]));
}

function grantSecrets({ secrets }: Webhook, grantee: IGrantable): void {
  for (const secret of secrets) grantReadSecret(secret, grantee);
}

function grantNotification({ bucketArn }: IBucket, grantee: IGrantable): void {
  Grant.addToPrincipal({ grantee, actions: ['s3:GetBucketNotification'], resourceArns: [bucketArn] });
}
