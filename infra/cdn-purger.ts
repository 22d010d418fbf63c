import { Annotations, Stack, Token } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Dashboard, IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';
import {
  applyOptions,
  applyVpc,
  checkFunctionOptions,
  type FunctionOptions,
} from './function/function-options.ts';
import { PurgerDashboard } from './monitoring/dashboard/dashboard.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import type { S3Queue } from './monitoring/receiver-alarms.ts';
import { Operation } from './operation/operation.ts';
import { Probe } from './pipeline/probe.ts';
import { S3Receiver } from './pipeline/s3/s3-receiver.ts';
import { Submit } from './pipeline/submit.ts';
import { Tick } from './pipeline/tick.ts';
import { WebhookReceiver } from './pipeline/webhook-receiver.ts';
import { type CdnPurgerAttributes, type ICdnPurger, ImportedPurger, PurgerBase } from './purger-base.ts';
import { type DataProtection, dataProtection } from './security/data-protection.ts';
import { checkRegions } from './security/other-region.ts';
import { type AlarmSettings, checkAlarms } from './settings/alarm-settings.ts';
import { checkTogether, describeIssue, purgerSubject } from './settings/checks/check.ts';
import type { DataProtectionProps } from './settings/data-protection-settings.ts';
import { vantagesOf } from './settings/probe-settings.ts';
import { checkProps } from './settings/purger-props.ts';
import { checkKnown } from './settings/rules/check-known.ts';
import { validateSources } from './settings/rules/check-sources.ts';
import { probedHosts } from './settings/rules/probed-hosts.ts';
import { warnOfRules } from './settings/rules/warnings/lasting-rules.ts';
import { warnOfOpenHosts } from './settings/rules/warnings/open-hosts.ts';
import { warnOfBucket, warnOfWebhook } from './settings/rules/warnings/uncovered.ts';
import { warnOfWildcards } from './settings/rules/warnings/wildcards.ts';
import { type CompleteSettings, checkSettings, mappingOf, type Settings } from './settings/settings.ts';
import type { WatchFilter, WatchOptions } from './settings/sources/watch-options.ts';
import { checkWebhookApi, type WebhookApiOptions } from './settings/sources/webhook-api-settings.ts';
import { Journal } from './storage/journal.ts';
import { Ledger } from './storage/ledger.ts';
import { ParkedUrls } from './storage/parked-urls.ts';
import { keepLimitsApart, type LedgerUse } from './storage/separate-ledgers.ts';
import type { Webhook } from './webhook.ts';

/** What the IDs of warnings begin with, by which a CDK app can acknowledge them. */
const warningId = 'cdn-pro-purger';

const silentAlarms =
  'Alarms notify nobody: name an address or a topic in `alarms` (`email`, `topic`, in a configuration `topicArn`, `actions`), or switch them off with `alarms: { enabled: false }`.';

const observes =
  "`mode: 'observe'`: nothing is purged, not even takedowns, and what is in the purge queue counts as done. Something else has to purge meanwhile: docs/observe.md.";

const noRunbook =
  'Alarms link to docs/operations.md, which a mail or a pager cannot open: name its address in `alarms.runbookUrl`.';

/** @returns a bucket's name; undefined where only the deployment knows it */
function nameOf({ bucketName }: IBucket): string | undefined {
  return Token.isUnresolved(bucketName) ? undefined : bucketName;
}

/** The functions of a purger. */
export interface PurgerFunctions {
  /** Sends purge requests to CDN Pro. */
  readonly submit: IFunction;
  /** Releases what waits for tokens of the day and follows purges to their ends, each minute. */
  readonly tick: IFunction;
  /** Asks the edge for URLs after their purge; undefined where nothing is probed. */
  readonly probe: IFunction | undefined;
  /** Undefined while nothing of S3 is watched. */
  readonly receiveS3: IFunction | undefined;
  /** Undefined while no webhook is received. */
  readonly receiveWebhook: IFunction | undefined;
}

/** Options of a purger. */
export interface CdnPurgerProps extends Settings, DataProtectionProps {
  /** Holds CDN Pro's credentials: `{"username","apiKey"}` or `{"accessKey","secretKey"}`. */
  readonly credentials: ISecret;
  /**
   * Scheme and host of CDN Pro's API.
   * @default 'https://api.cdnetworks.com'
   */
  readonly endpoint?: string;
  /**
   * A key of yours that encrypts queues, table, logs, bus and the functions' environment. One that is imported needs the
   * statements in its policy that `docs/security.md` names.
   * @default - AWS's own keys
   */
  readonly encryptionKey?: IKey;
  /**
   * The ledger of another deployment of the same CDN Pro customer, so that both together keep its limits:
   * `other.ledger.table`.
   * @default - a table of the stack
   */
  readonly sharedLedger?: ITable;
  /**
   * IDs of other AWS accounts whose deployments share this one's ledger.
   * @default - none
   */
  readonly ledgerSharedWith?: readonly string[];
  /**
   * Where alarms go, and which there are.
   * @default - all alarms, without notifications
   */
  readonly alarms?: AlarmSettings;
  /**
   * Options of the API that receives webhooks: its domain, its throttle, its logs.
   * @default - the address that AWS gives, throttled and with access logs
   */
  readonly webhookApi?: WebhookApiOptions;
  /**
   * How the functions run: memory, log level, tracing, a VPC.
   * @default - 512 MB, INFO, no tracing, no VPC
   */
  readonly functionOptions?: FunctionOptions;
}

/**
 * Purges CDN Pro's cache when something changes at the origin.
 * @throws ConfigError when the settings are wrong, with every issue
 */
export class CdnPurger extends PurgerBase {
  /** @returns a purger of another stack or app, by what is known of it */
  static fromCdnPurgerAttributes(scope: Construct, id: string, attributes: CdnPurgerAttributes): ICdnPurger {
    return new ImportedPurger(scope, id, attributes);
  }

  /** The buffer in which purge messages wait. */
  readonly bufferQueue: Queue;
  /** Holds what could not be purged, with the reason. */
  readonly deadLetterQueue: Queue;
  /** Stores the entry memory, and the rate limit's window unless `sharedLedger` does. */
  readonly ledger: Ledger;
  /** Stores what waits for tokens of the day. */
  readonly parked: ParkedUrls;
  /** Stores what happened to each purge. */
  readonly journal: Journal;
  readonly purgerName: string;
  readonly #settings: CompleteSettings;
  readonly #submit: Submit;
  readonly #tick: Tick;
  readonly #probe: Probe | undefined;
  readonly #operation: Operation;
  readonly #monitoring: Monitoring;
  readonly #dashboard: PurgerDashboard | undefined;
  readonly #webhookApi: WebhookApiOptions;
  readonly #functionOptions: FunctionOptions;
  #s3Receiver: S3Receiver | undefined;
  #webhookReceiver: WebhookReceiver | undefined;
  readonly #sources = new Set<string>();
  readonly #ledgerUse: LedgerUse;

  constructor(scope: Construct, id: string, props: CdnPurgerProps) {
    super(scope, id);
    const { credentials, endpoint = 'https://api.cdnetworks.com', encryptionKey, ...others } = props;
    const { sharedLedger, retainData, logRetentionDays, ledgerSharedWith = [], ...more } = others;
    const { alarms = {}, webhookApi = {}, functionOptions = {}, ...settings } = more;
    this.#webhookApi = webhookApi;
    this.#functionOptions = functionOptions;
    checkTogether(purgerSubject, [
      () => checkKnown(settings.rules, Token.isUnresolved),
      () => checkSettings(settings),
      () => checkProps(props),
      () => checkAlarms(alarms, Token.isUnresolved),
      () => checkWebhookApi(webhookApi),
      () => checkFunctionOptions(functionOptions),
      () =>
        checkRegions(this, {
          encryptionKey,
          'alarms.topic': alarms.topic,
          'alarms.criticalTopic': alarms.criticalTopic,
        }),
    ]);
    this.#settings = checkSettings(settings);
    const checked = checkProps(props);
    const protection = dataProtection(checked, this.#settings.target, encryptionKey);
    this.#monitoring = new Monitoring(this, 'Monitoring', alarms);
    this.purgerName = this.#monitoring.purgerName;
    this.ledger = new Ledger(this, 'Ledger', { protection, sharedWith: ledgerSharedWith });
    this.parked = new ParkedUrls(this, 'Parked', protection);
    this.journal = new Journal(this, 'Journal', protection);
    const sending = {
      settings: this.#settings,
      credentials,
      endpoint,
      windowTable: sharedLedger ?? this.ledger.table,
      parked: this.parked,
      journal: this.journal,
      protection,
      monitoring: this.#monitoring,
    };
    this.#submit = new Submit(this, 'Submit', sending);
    const { buffer } = this.#submit;
    this.#probe = this.#createProbe(protection);
    this.#tick = new Tick(this, 'Tick', { ...sending, buffer, probe: this.#probe });
    for (const fn of [this.#submit.function, this.#tick.function]) {
      applyOptions(fn, functionOptions);
      applyVpc(fn, functionOptions);
    }
    this.#operation = new Operation(this, 'Operation', {
      ...sending,
      purgerName: this.purgerName,
      submit: this.#submit,
      tick: this.#tick,
      objectsTable: this.ledger.table,
      encryptionKey,
      receivers: () => ({
        inbox: this.s3Queue,
        watchedQueues: this.#s3Receiver?.watchedQueues ?? [],
        webhookUrl: this.webhookUrl,
        receiveS3: this.#s3Receiver?.function,
        receiveWebhook: this.#webhookReceiver?.function,
        watched: this.#s3Receiver?.watchedObjects ?? [],
      }),
    });
    if (this.#settings.dashboard) {
      const watched = {
        function: this.#submit.function,
        buffer,
        tick: this.#tick.function,
        probe: this.#probe?.function,
        settings: this.#settings,
      };
      this.#dashboard = new PurgerDashboard(this, 'Dashboard', this.#monitoring, watched);
    }
    this.bufferQueue = buffer.queue;
    this.deadLetterQueue = buffer.deadLetterQueue;
    this.node.addValidation({ validate: () => [...this.#rulesWithoutSource(), ...this.#namesTaken()] });
    this.#ledgerUse = { credentials, ledger: sharedLedger ?? this.ledger.table };
    this.#warn();
  }

  /**
   * Purges what the rules say when an object of this bucket is put or deleted. Several calls for one bucket have to name
   * keys that do not overlap.
   */
  watchBucket(bucket: IBucket, options: WatchOptions = {}): void {
    this.#receiveS3().watchBucket(bucket, options);
    this.#warnOf('uncovered', warnOfBucket(this.#settings.rules, nameOf(bucket)));
    if (options.account === undefined) this.#operation.addBucket(bucket, options.via);
  }

  /** Purges what the rules say when this topic, to which S3 or EventBridge sends S3's events, notifies of an object. */
  watchTopic(topic: ITopic, filter: WatchFilter = {}): void {
    this.#receiveS3().watchTopic(topic, filter);
  }

  /**
   * Purges what the rules say when this queue, which carries S3's events in any envelope, notifies of an object. The
   * purger becomes its consumer: messages that it has processed are deleted.
   */
  watchQueue(queue: IQueue, filter: WatchFilter = {}): void {
    this.#receiveS3().watchQueue(queue, filter);
  }

  /** Purges what the rules say when this webhook delivers a change. */
  receiveWebhook(webhook: Webhook): void {
    this.#webhookReceiver ??= this.#createWebhookReceiver();
    this.#webhookReceiver.receive(webhook);
    this.#operation.addWebhook(webhook);
    this.#dashboard?.addWebhook(webhook.name);
    this.#sources.add(webhook.source);
    this.#warnOf('uncovered', warnOfWebhook(this.#settings.rules, webhook.source, webhook.name));
  }

  /** Lets a grantee run the commands of `cdn-purger` that change nothing: all but `doctor`, `purge`, `redrive`, `pause`, `resume`, `send` and `waiting --cancel`. */
  grantRead(grantee: IGrantable): void {
    this.#operation.grantRead(grantee);
  }

  /** Lets a grantee run all commands of `cdn-purger`; `doctor` reads the secrets. */
  grantOperate(grantee: IGrantable): void {
    this.#operation.grantOperate(grantee);
  }

  /** The functions, for grants, log groups and alarms of your own. */
  get functions(): PurgerFunctions {
    return {
      submit: this.#submit.function,
      tick: this.#tick.function,
      probe: this.#probe?.function,
      receiveS3: this.#s3Receiver?.function,
      receiveWebhook: this.#webhookReceiver?.function,
    };
  }

  /** All alarms so far: each source that is added has more. */
  get alarms(): readonly IAlarm[] {
    return [...this.#monitoring.alarms];
  }

  /** Undefined where the setting `dashboard` is off. */
  get dashboard(): Dashboard | undefined {
    return this.#dashboard?.dashboard;
  }

  /** The API that receives webhooks; undefined while none is received. */
  get webhookApi(): HttpApi | undefined {
    return this.#webhookReceiver?.api;
  }

  /** The URL that a webhook's name is appended to; undefined while no webhook is received. */
  get webhookUrl(): string | undefined {
    return this.#webhookReceiver?.url;
  }

  /** The target of a DNS record for the domain of the webhooks' API; undefined where none has to be made. */
  get webhookDomainTarget(): string | undefined {
    return this.#webhookReceiver?.domainTarget;
  }

  /** The queue for S3's events, which buckets may notify; undefined while nothing is sent to it. */
  get s3Queue(): IQueue | undefined {
    return this.#s3Receiver?.eventQueue;
  }

  /** The ARN of the event bus that other accounts send S3's events to; undefined while no bucket of theirs is watched. */
  get s3EventBusArn(): string | undefined {
    return this.#s3Receiver?.eventBusArn;
  }

  /** There is nothing to probe without rules for S3, or for a CMS with `proof`. */
  #createProbe(protection: DataProtection): Probe | undefined {
    const { probe, target } = this.#settings;
    const hosts = probedHosts(this.#settings);
    if (probe === undefined || hosts.length === 0) return undefined;
    const vantages = vantagesOf(target, probe.edges);
    const created = new Probe(this, 'Probe', { hosts, vantages, protection, monitoring: this.#monitoring });
    applyOptions(created.function, this.#functionOptions);
    return created;
  }

  #receiveS3(): S3Receiver {
    this.#sources.add('s3');
    this.#s3Receiver ??= this.#createS3Receiver();
    return this.#s3Receiver;
  }

  #createS3Receiver(): S3Receiver {
    const onQueue = (queue: S3Queue) => this.#dashboard?.addS3Queue(queue);
    const own = { ledger: this.ledger, recovering: this.#submit.function, onQueue };
    const receiver = new S3Receiver(this, 'ReceiveS3', { ...this.#receiverProps(), ...own });
    applyOptions(receiver.function, this.#functionOptions);
    this.#dashboard?.addReceiver('receive-s3', receiver.function);
    return receiver;
  }

  #createWebhookReceiver(): WebhookReceiver {
    const own = { ledger: this.ledger, webhookApi: this.#webhookApi };
    const receiver = new WebhookReceiver(this, 'ReceiveWebhook', { ...this.#receiverProps(), ...own });
    applyOptions(receiver.function, this.#functionOptions);
    this.#dashboard?.addReceiver('receive-webhook', receiver.function);
    this.#dashboard?.addWebhookApi(receiver.api, receiver.countsThrottled);
    return receiver;
  }

  #receiverProps() {
    return { mapping: mappingOf(this.#settings), buffer: this.#submit.buffer, monitoring: this.#monitoring };
  }

  /** Warns of what cannot last on CDN Pro's limits; of two purgers, the later one knows the earlier. */
  #warn(): void {
    const annotations = Annotations.of(this);
    const isObserving = this.#settings.mode === 'observe';
    this.#warnOf('observe', isObserving ? observes : undefined);
    for (const warning of warnOfRules(this.#settings)) this.#warnOf('lasting', warning);
    for (const warning of warnOfOpenHosts(this.#settings)) this.#warnOf('hosts', warning);
    for (const warning of warnOfWildcards(this.#settings)) this.#warnOf('wildcards', warning);
    const { notifiesNobody, lacksRunbook } = this.#monitoring;
    this.#warnOf('alarms', notifiesNobody ? silentAlarms : undefined);
    this.#warnOf('runbook', lacksRunbook && !notifiesNobody ? noRunbook : undefined);
    for (const other of this.node.root.node.findAll()) {
      if (!(other instanceof CdnPurger) || !keepLimitsApart(this.#ledgerUse, other.#ledgerUse)) continue;
      // What only counts takes nothing of the limits, and must not share them.
      if (isObserving || other.#settings.mode === 'observe') continue;
      const warning = `${other.node.path} uses the same credentials and another ledger: together they go over CDN Pro's limits. Give this one \`sharedLedger\`: docs/shared-ledger.md.`;
      annotations.addWarningV2(`${warningId}:ledgers`, warning);
    }
  }

  #warnOf(id: string, warning: string | undefined): void {
    if (warning !== undefined) Annotations.of(this).addWarningV2(`${warningId}:${id}`, warning);
  }

  /** Alarms are unique in an account and region, and metrics would be of both. */
  #namesTaken(): string[] {
    const here = Stack.of(this);
    const isSame = (other: IConstruct) => {
      if (!(other instanceof CdnPurger) || other === this || other.purgerName !== this.purgerName)
        return false;
      const there = Stack.of(other);
      if (there.account !== here.account || there.region !== here.region) return false;
      // Two stacks of one name are not in one place: where only the deployment knows it, it is another for each.
      const isKnown = ![here.account, here.region].some((each) => Token.isUnresolved(each));
      return there === here || there.stackName !== here.stackName || isKnown;
    };
    return this.node.root.node
      .findAll()
      .filter(isSame)
      .map(
        ({ node }) =>
          `expected a purger of another name than ${node.path}, got ${this.purgerName} for both: rename a construct or its stack, or their alarms and metrics are the same`,
      );
  }

  #rulesWithoutSource(): string[] {
    const received = { sources: [...this.#sources] };
    return validateSources(this.#settings, received).map(describeIssue);
  }
}
