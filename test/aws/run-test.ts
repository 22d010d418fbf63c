import { randomBytes } from 'node:crypto';
import type { AwsTestSettings } from './settings.ts';
import {
  morePrefixes,
  type TestStackSettings,
  type Variant,
  watchedPrefixes,
} from './test-stack-settings.ts';
import { untilS3Sends } from './until-s3-sends.ts';

/** The account, and the tools that change it. Each may throw. */
export interface AwsTestPorts {
  createSecret(name: string, value: string): Promise<void>;
  deleteSecret(name: string): Promise<void>;
  /** @returns the outputs of the stack */
  deploy(settings: TestStackSettings): Promise<Readonly<Record<string, string>>>;
  /** Removes the stack, its bucket's objects first. */
  destroy(settings: TestStackSettings): Promise<void>;
  upload(bucket: string, key: string): Promise<void>;
  /** Sends a signed webhook. @returns the status of the answer */
  deliver(url: string, secret: string, slug: string): Promise<number>;
  /** What the stand-in has accepted. */
  accepted(bucket: string): Promise<readonly AcceptedPurge[]>;
  /** Messages in a queue, those in hand included. */
  count(queueUrl: string): Promise<number>;
  /** Purge requests that are noted in the ledger's window. */
  requestsInWindow(table: string): Promise<number>;
  /** States of the alarms whose names begin so, by name. */
  alarmStates(namePrefix: string): Promise<ReadonlyMap<string, string>>;
  /** Entries that a purger has purged since then, by the metric that its log lines are. */
  entriesPurged(purger: string, sinceMs: number): Promise<number>;
  sleep(ms: number): Promise<void>;
  nowMs(): number;
  log(line: string): void;
}

/** A purge that the stand-in accepted. */
export interface AcceptedPurge {
  readonly acceptedMs: number;
  readonly purge: { readonly fileUrls?: readonly string[] };
}

/** What became of a run. */
export interface AwsTestResult {
  readonly failures: readonly string[];
  /** What could not be removed, each with the command that does it. */
  readonly stayed: readonly string[];
}

/** For each of the prefixes. */
const uploads = 10;
/** A cold start, the batching window and pacing together stay well below. */
const maxFreshnessMs = 60_000;
const timeoutMs = 180_000;
/** CloudWatch reads metrics out of log lines within a minute or two. */
const metricsTimeoutMs = 300_000;

/** Deploys, changes content, waits for the purges, and removes everything, whatever went wrong before. */
export async function runAwsTest(
  settings: AwsTestSettings,
  ports: AwsTestPorts,
  variant?: Variant,
): Promise<AwsTestResult> {
  const webhookSecret = `whsec_${randomBytes(24).toString('base64')}`;
  const standInKey = randomBytes(24).toString('hex');
  const { stackName, cdnPro } = settings;
  const stack: TestStackSettings = {
    stackName,
    target: cdnPro?.target ?? 'staging',
    host: cdnPro?.host ?? 'www.example.com',
    ...(cdnPro === undefined ? { standInKey } : { endpoint: cdnPro.endpoint }),
    credentials: `${stackName}/cdn-pro`,
    webhookSecret: `${stackName}/webhook`,
    ...(variant === undefined ? {} : { variant }),
  };
  const credentials = cdnPro?.credentials ?? { accessKey: 'test', secretKey: standInKey };
  const failures: string[] = [];
  try {
    await ports.createSecret(stack.credentials, JSON.stringify(credentials));
    await ports.createSecret(stack.webhookSecret, webhookSecret);
    ports.log(`deploying ${stackName} …`);
    const outputs = await ports.deploy(stack);
    failures.push(...(await exercise(stack, outputs, webhookSecret, ports)));
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  }
  return { failures, stayed: await removeAll(stack, settings, ports) };
}

/** @returns what is not as it should be */
async function exercise(
  stack: TestStackSettings,
  outputs: Readonly<Record<string, string>>,
  webhookSecret: string,
  ports: AwsTestPorts,
): Promise<readonly string[]> {
  const { BucketName = '', DeadLetterQueueUrl = '', LedgerTableName = '', WebhookUrl = '' } = outputs;
  const base = `https://${stack.host}/${stack.stackName}`;
  const silent = await untilS3Sends(
    { base, bucket: BucketName, asksStandIn: stack.endpoint === undefined },
    ports,
  );
  if (silent.length > 0) return silent;
  const startMs = ports.nowMs();
  const keys = [
    ...Object.values(watchedPrefixes).flatMap((prefix) =>
      Array.from({ length: uploads }, (_, index) => `${prefix}page ${index}.html`),
    ),
    ...morePrefixes(stack.variant).map((prefix) => `${prefix}page.html`),
  ];
  for (const key of keys) await ports.upload(BucketName, key);
  const status = await ports.deliver(`${WebhookUrl}standard-webhooks`, webhookSecret, 'hello');
  ports.log(`${keys.length} objects uploaded, a webhook delivered (${status})`);
  const urls = [...keys.map((key) => `${base}/${encodeURI(key)}`), `${base}/news/hello`];
  const wanted = stack.endpoint === undefined ? urls : undefined;
  const lateMs = await untilPurged(wanted, outputs, ports);
  const failures = [];
  if (status !== 202) failures.push(`expected the webhook to be answered with 202, got ${status}`);
  if (lateMs === undefined) failures.push(`not everything was purged after ${timeoutMs / 1000} s`);
  else {
    const freshnessMs = lateMs - startMs;
    ports.log(`all ${urls.length} URLs purged ${(freshnessMs / 1000).toFixed(1)} s after the first upload`);
    if (freshnessMs > maxFreshnessMs) failures.push(`expected that within ${maxFreshnessMs / 1000} s`);
  }
  const requests = await ports.requestsInWindow(LedgerTableName);
  if (requests < 1) failures.push('expected purge requests in the window of the ledger, got none');
  const dead = await ports.count(DeadLetterQueueUrl);
  if (dead > 0) failures.push(`expected an empty dead letter queue, got ${dead} messages`);
  return [...failures, ...(await monitoringFailures(stack, urls.length, startMs, ports))];
}

/** @returns what CloudWatch does not know as it should: the metrics in the log lines, and the alarms */
async function monitoringFailures(
  { stackName }: TestStackSettings,
  entries: number,
  startMs: number,
  ports: AwsTestPorts,
): Promise<readonly string[]> {
  const purger = `${stackName}-Purger`;
  const untilMs = ports.nowMs() + metricsTimeoutMs;
  let counted = await ports.entriesPurged(purger, startMs);
  while (counted < entries && ports.nowMs() < untilMs) {
    await ports.sleep(10_000);
    counted = await ports.entriesPurged(purger, startMs);
  }
  ports.log(`${counted} purged entries in the metric EntriesPurged`);
  const failures = [];
  if (counted < entries)
    failures.push(`expected at least ${entries} in the metric EntriesPurged, got ${counted}`);
  const states = [...(await ports.alarmStates(`${purger}-`))];
  if (states.length === 0) failures.push(`expected alarms whose names begin with ${purger}-, got none`);
  for (const [name, state] of states) if (state === 'ALARM') failures.push(`the alarm ${name} goes off`);
  return failures;
}

/**
 * @param urls undefined where nobody can be asked what was accepted: the buffer tells then, once it has stayed empty
 * @returns when the last URL was purged; undefined where it was not
 */
async function untilPurged(
  urls: readonly string[] | undefined,
  { BucketName = '', BufferQueueUrl = '', LedgerTableName = '' }: Readonly<Record<string, string>>,
  ports: AwsTestPorts,
): Promise<number | undefined> {
  const untilMs = ports.nowMs() + timeoutMs;
  let emptySinceMs: number | undefined;
  while (ports.nowMs() < untilMs) {
    await ports.sleep(2000);
    const waiting = await ports.count(BufferQueueUrl);
    emptySinceMs = waiting > 0 ? undefined : (emptySinceMs ?? ports.nowMs());
    if (urls === undefined) {
      const isOver = emptySinceMs !== undefined && ports.nowMs() - emptySinceMs > 20_000;
      if (isOver && (await ports.requestsInWindow(LedgerTableName)) > 0) return emptySinceMs;
      continue;
    }
    const accepted = await ports.accepted(BucketName);
    const purged = new Set(accepted.flatMap(({ purge }) => purge.fileUrls ?? []));
    if (urls.every((url) => purged.has(url)) && waiting === 0) {
      return Math.max(...accepted.map(({ acceptedMs }) => acceptedMs));
    }
  }
  return undefined;
}

async function removeAll(
  stack: TestStackSettings,
  { region }: AwsTestSettings,
  ports: AwsTestPorts,
): Promise<readonly string[]> {
  ports.log('removing everything …');
  const removals: [what: string, remove: () => Promise<void>, command: string][] = [
    [
      `the stack ${stack.stackName}`,
      () => ports.destroy(stack),
      `aws cloudformation delete-stack --region ${region} --stack-name ${stack.stackName}`,
    ],
    ...[stack.credentials, stack.webhookSecret].map((name): (typeof removals)[number] => [
      `the secret ${name}`,
      () => ports.deleteSecret(name),
      `aws secretsmanager delete-secret --region ${region} --secret-id ${name} --force-delete-without-recovery`,
    ]),
  ];
  const stayed: string[] = [];
  for (const [what, remove, command] of removals) {
    try {
      await remove();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      stayed.push(`${what} (${reason}): ${command}`);
    }
  }
  return stayed;
}
