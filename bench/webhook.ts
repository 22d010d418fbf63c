import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createSeenDeliveries } from '../functions/aws/tables/deliveries-table.ts';
import { createMemory } from '../functions/aws/tables/entry-memory-table.ts';
import { sendMessages } from '../functions/buffer/send-messages.ts';
import { compileRules } from '../functions/core/mapping/compile-rules.ts';
import { type ReceivePorts, receiveWebhook } from '../functions/receive-webhook/receive-webhook.ts';
import { ghost } from '../functions/sources/vendors/ghost.ts';
import { testSecretOf, webhookSigners } from '../infra/cli/webhooks/signers.ts';
import { bundle } from '../infra/function/bundle.ts';
import { loadConfig } from '../infra/stack/load-config.ts';
import { type LocalAws, startAws } from '../local/aws/start-aws.ts';
import { type Assembly, synthesize } from '../local/aws/synthesize.ts';
import { readAssembly } from '../local/aws/template/assembly.ts';
import { largeQuotas } from '../local/cdn-pro/options.ts';
import { startCdnPro } from '../local/cdn-pro/server.ts';
import { localCredentials, localSecrets } from '../local/demo/secrets.ts';

/**
 * The time from a request to its 202, on the local stack: that of the deployed receiver and that of a handler which
 * only enqueues, cold and warm; the bundles' sizes; and what each step of the receiver takes.
 */
const configFile = 'docs/snippets/all-sources.json';
const source = 'ghost';
const secret = testSecretOf(source);
const rules = [{ match: { source }, purge: { fileUrls: ['https://www.example.com/{+path}'] } }];
const goals = { warmRatio: 3, bundleBytes: 350_000 };
const counts = { cold: 5, warmUp: 100, warm: 1500, steps: 400 };

/** A handler on the local stack. */
interface Handler {
  readonly assembly: Assembly;
  readonly bundleBytes: number;
  readonly times: { readonly cold: number[]; readonly warm: number[] };
}

/** @returns whether the goals are met */
export async function main(): Promise<boolean> {
  const receiver = await prepare(undefined);
  const bare = await prepare(bundle(join('bench', 'bare-webhook')));
  try {
    await measure([receiver, bare]);
  } finally {
    receiver.assembly.remove();
    bare.assembly.remove();
  }
  printRow('ms from request to 202', 'cold p50', 'cold p99', 'warm p50', 'warm p99', 'bytes');
  for (const [name, { times, bundleBytes }] of Object.entries({ receiver, bare })) {
    const ms = [times.cold, times.warm].flatMap((all) => [quantile(all, 0.5), quantile(all, 0.99)]);
    printRow(name, ...ms.map((time) => time.toFixed(1)), String(bundleBytes));
  }
  console.log();
  for (const [step, ms, share] of await measureSteps()) printRow(step, ms, share);
  const warmRatio = quantile(receiver.times.warm, 0.99) / quantile(bare.times.warm, 0.99);
  const goalsMet = [
    [
      `warm p99 within ${goals.warmRatio} times that of the bare handler`,
      warmRatio <= goals.warmRatio,
      warmRatio.toFixed(2),
    ],
    [
      `bundle of at most ${goals.bundleBytes} bytes`,
      receiver.bundleBytes <= goals.bundleBytes,
      String(receiver.bundleBytes),
    ],
  ] as const;
  console.log();
  for (const [goal, isMet, value] of goalsMet)
    console.log(`${isMet ? 'met   ' : 'MISSED'}  ${goal}: ${value}`);
  return goalsMet.every(([, isMet]) => isMet);
}

/** @param replacement files to replace the receiver's bundle; none: the receiver itself */
async function prepare(replacement: ReturnType<typeof bundle> | undefined): Promise<Handler> {
  const assembly = await synthesize(configFile);
  const folder = receiverFolder(assembly);
  for (const { path, contents } of replacement ?? []) writeFileSync(join(folder, path), contents);
  const bundleBytes = statSync(join(folder, 'handler.mjs')).size;
  return { assembly, bundleBytes, times: { cold: [], warm: [] } };
}

/** The handlers take turns, so that whatever else the machine does slows all of them. */
async function measure(handlers: readonly Handler[]): Promise<void> {
  for (let start = 1; start < counts.cold; start++) {
    for (const { assembly, times } of handlers) {
      await withStack(assembly, async (aws) => times.cold.push(await post(aws, 0)));
    }
  }
  await withStacks(handlers, [], async (stacks) => {
    for (const [index, { times }] of handlers.entries()) {
      const aws = stacks[index];
      if (aws !== undefined) times.cold.push(await post(aws, 0));
    }
    for (let request = 0; request < counts.warmUp + counts.warm; request++) {
      for (const [index, { times }] of handlers.entries()) {
        const aws = stacks[index];
        const ms = aws === undefined ? Number.NaN : await post(aws, request);
        if (request >= counts.warmUp) times.warm.push(ms);
      }
    }
  });
}

/** Starts a stack for each handler, all at the same time. */
async function withStacks(
  [next, ...others]: readonly Handler[],
  running: readonly LocalAws[],
  use: (stacks: readonly LocalAws[]) => Promise<void>,
): Promise<void> {
  if (next === undefined) return await use(running);
  await withStack(next.assembly, (aws) => withStacks(others, [...running, aws], use));
}

function receiverFolder({ directory }: Assembly): string {
  const { template, assetPaths } = readAssembly(directory);
  for (const { Properties } of Object.values(template.Resources)) {
    const { Description, Code } = (Properties ?? {}) as { Description?: unknown; Code?: { S3Key?: unknown } };
    const isReceiver = typeof Description === 'string' && Description.includes('verifies webhooks');
    const path = isReceiver ? assetPaths.get(String(Code?.S3Key)) : undefined;
    if (path !== undefined) return path;
  }
  throw new Error('Expected an asset with the webhook receiver');
}

async function withStack(assembly: Assembly, use: (aws: LocalAws) => Promise<unknown>): Promise<void> {
  const hosts = ['www.example.com'];
  const cdnPro = await startCdnPro({
    quotas: largeQuotas,
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
  });
  const aws = await startAws({
    assemblyDir: assembly.directory,
    secrets: localSecrets(await loadConfig(configFile)),
    environment: { CDN_PRO_ENDPOINT: cdnPro.url },
  });
  try {
    await use(aws);
  } finally {
    await aws.stop();
    await cdnPro.stop();
  }
}

function deliveryOf(index: number, nowMs: number) {
  // Every entry is published again and again; every eighth time under another slug.
  const id = `post-${index % 50}`;
  const slug = `hello-${index % 50}-${Math.floor(index / 400)}`;
  const url = `https://www.example.com/${slug}/`;
  const current = { id, slug, status: 'published', url, html: 'x'.repeat(5000) };
  const body = JSON.stringify({ event: 'post.published.edited', post: { current, previous: {} } });
  const path = `/webhooks/${source}`;
  const sign = webhookSigners[source];
  if (sign === undefined) throw new Error(`Expected a signer for ${source}`);
  return { path, ...sign({ body, nowMs, path, secret, headers: { 'content-type': 'application/json' } }) };
}

/** @returns milliseconds until the whole answer is there */
async function post({ outputs }: LocalAws, index: number): Promise<number> {
  const { headers, body } = deliveryOf(index, Date.now());
  const startMs = performance.now();
  const response = await fetch(`${outputs.WebhookUrl}${source}`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  if (response.status !== 202) throw new Error(`Expected 202, got ${response.status}`);
  return performance.now() - startMs;
}

/** What each step takes in one process, against the local stack's emulators. */
async function measureSteps(): Promise<readonly (readonly [step: string, ms: string, share: string])[]> {
  const assembly = await synthesize(configFile);
  const totals = new Map<string, number>();
  const timed = async <Result>(step: string, work: () => Promise<Result>): Promise<Result> => {
    const startMs = performance.now();
    try {
      return await work();
    } finally {
      totals.set(step, (totals.get(step) ?? 0) + performance.now() - startMs);
    }
  };
  try {
    await withStack(assembly, async (aws) => {
      const ports = portsOn(aws, timed);
      for (let index = 0; index < counts.steps + counts.warmUp; index++) {
        if (index === counts.warmUp) totals.clear();
        const { headers, body, path } = deliveryOf(index, Date.now());
        const request = { method: 'POST', path, headers, body: Buffer.from(body) };
        await timed('verify', async () => ghost.verify(request, [secret], Date.now(), {}));
        await timed('all', () => receiveWebhook(source, request, ports));
      }
    });
  } finally {
    assembly.remove();
  }
  const of = (step: string) => (totals.get(step) ?? 0) / counts.steps;
  const ports = ['remember: read', 'remember: write', 'enqueue'].map((step) => [step, of(step)] as const);
  const own = of('all') - of('verify') - ports.reduce((sum, [, ms]) => sum + ms, 0);
  const steps = [['verify', of('verify')] as const, ['read, map and the rest', own] as const, ...ports];
  return [
    ['step (mean)', 'ms', 'share'],
    ...steps.map(([step, ms]) => [step, ms.toFixed(3), `${((100 * ms) / of('all')).toFixed(0)} %`] as const),
  ];
}

function portsOn(
  aws: LocalAws,
  timed: <Result>(step: string, work: () => Promise<Result>) => Promise<Result>,
): ReceivePorts {
  const common = { region: aws.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const sqs = new SQSClient({ ...common, endpoint: aws.sqs.endpoint });
  const client = new DynamoDBClient({ ...common, endpoint: aws.dynamodb.endpoint });
  const { BufferQueueUrl = '', LedgerTableName: tableName = '' } = aws.outputs;
  const store = createMemory({ client, tableName, nowMs: Date.now })(1);
  const nothing = () => {};
  return {
    webhooks: { [source]: { source, secretIds: ['secret'] } },
    readSecrets: async () => [secret],
    deliveries: createSeenDeliveries({ client, tableName, nowMs: Date.now }),
    reject: async () => [],
    memory: () => ({
      read: (key) => timed('remember: read', () => store.read(key)),
      write: (key, memory, version) => timed('remember: write', () => store.write(key, memory, version)),
    }),
    rules: compileRules({ target: 'production', rules }),
    purgeByPrefix: async () => ({ entries: [], schedule: [], rules: [], problems: [] }),
    hasLists: false,
    send: (messages) => timed('enqueue', () => sendMessages(sqs, BufferQueueUrl, messages)),
    nowMs: Date.now,
    log: { info: nothing, warn: nothing, error: nothing },
    measure: nothing,
  };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function printRow(name: string, ...cells: readonly string[]): void {
  console.log([name.padEnd(26), ...cells.map((cell) => cell.padStart(10))].join(' '));
}
