import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { signStandardWebhook } from '../../infra/cli/webhooks/signing.ts';
import { startCdnPro } from '../../local/cdn-pro/server.ts';
import { createOrigin, type Origin } from '../../local/demo/samples/origin.ts';
import { localCredentials } from '../../local/demo/secrets.ts';
import { startNetwork } from '../../local/edge/network.ts';
import { type StartedStack, startStack } from '../../test/helpers/start.ts';
import { createRecorder, metricKey, type Recorder, type Recording } from './recording.ts';
import { config, contract, webhook } from './site.ts';

const minuteMs = 60_000;
const [bucket] = config.buckets;

/**
 * Lets the local stack live for some time: editors and small uploads all the time, and what `happens`.
 * @param minutes how long it runs
 * @returns its metrics
 */
export async function play(minutes: number): Promise<Recording> {
  const site: { origin: Origin | undefined } = { origin: undefined };
  const hosts = ['www.example.com'];
  const network = await startNetwork({
    fetchOrigin: async (url) => site.origin?.fetch(url),
    defaultHost: 'www.example.com',
    zones: ['Europe'],
    edgesPerZone: 1,
  });
  let partial = 0;
  const cdnPro = await startCdnPro({
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
    quotas: { production: contract },
    dayMs: contract.dayMs,
    processingMs: () => 20_000 + Math.random() * 40_000,
    successRate: () => (partial > 0 && partial-- > 0 ? 80 : 100),
    onAccepted: network.purge,
  });
  const { files, dirs, dayMs } = contract;
  const options = ['--cdn-pro', cdnPro.url, '--quota', `${files}/${dirs}`, '--day', `${dayMs / 1000}`];
  const edges = network.edges.flatMap(({ url }) => ['--edge', url]);
  const stack = await startStack(config, ...options, ...edges, '--verbose');
  site.origin = createOrigin(stack.ready.s3.endpoint, { bucket: bucket.name, prefix: 'site/' });
  const recorder = createRecorder();
  createInterface({ input: stack.child.stdout ?? process.stdin }).on('line', recorder.readLine);
  const stopping = new AbortController();
  const editors = live(stack, recorder, stopping.signal);
  const happens: readonly [minute: number, what: () => Promise<unknown> | unknown][] = [
    [3, () => upload(stack, 'site/deployed', 1000)],
    [9, () => cdnPro.breakDown({ kind: 'answer', status: 503 })],
    [10.75, () => cdnPro.breakDown()],
    [14, () => partial++],
    [19, () => upload(stack, 'tmp/unmatched', 12)],
    [20, () => deliver(stack, recorder, 'forged', 'another body')],
    [20.5, () => deliver(stack, recorder, 'forged', 'another body')],
    [21, () => deliver(stack, recorder, 'forged', 'another body')],
    [minutes - 6, () => upload(stack, 'shop/new', 3)],
  ];
  const startedMs = Date.now();
  for (const [minute, what] of happens.filter(([minute]) => minute < minutes)) {
    await sleep(Math.max(0, startedMs + minute * minuteMs - Date.now()));
    await what();
  }
  await sleep(Math.max(0, startedMs + minutes * minuteMs - Date.now()));
  const recording = recorder.finish();
  stopping.abort();
  await editors;
  await stack.stop();
  // What a function fails with is one of these lines, and the recording has no errors.
  const [failure] = / failed \(.*/.exec(stack.output()) ?? [];
  if (failure !== undefined) throw new Error(`Expected functions that do not fail, got "${failure}"`);
  await cdnPro.stop();
  await network.stop();
  return recording;
}

/** What happens all the time: an editor publishes, somebody uploads, and CloudWatch looks at the queues. */
async function live(stack: StartedStack, recorder: Recorder, stopping: AbortSignal): Promise<void> {
  for (let second = 0; !stopping.aborted; second++) {
    if (second % 5 === 0) await watchQueues(stack, recorder);
    if (second % 17 === 0) await deliver(stack, recorder, `post-${second}`);
    if (second % 23 === 0) await upload(stack, `site/${second}`, 1 + Math.floor(Math.random() * 3));
    await sleep(1000);
  }
}

async function upload({ ready }: StartedStack, prefix: string, count: number): Promise<void> {
  const put = (index: number) =>
    fetch(`${ready.s3.endpoint}/${bucket.name}/${prefix}/${index}.html`, {
      method: 'PUT',
      headers: { 'content-type': 'text/html' },
      body: `${prefix} ${Math.random()}`,
    });
  for (let index = 0; index < count; index += 20) {
    const next = Array.from({ length: Math.min(20, count - index) }, (_, each) => index + each);
    await Promise.all(next.map(put));
  }
}

async function deliver(
  { ready }: StartedStack,
  { add }: Recorder,
  slug: string,
  signed?: string,
): Promise<void> {
  const body = JSON.stringify({ type: 'post.updated', data: { id: slug, type: 'post', slug } });
  const headers = signStandardWebhook({ body: signed ?? body, nowMs: Date.now() });
  const { status } = await fetch(ready.webhooks[webhook] ?? '', { method: 'POST', headers, body });
  const api = 'PurgerReceiveWebhookApi';
  add(metricKey('Count', api), 1);
  add(metricKey('4xx', api), status >= 400 && status < 500 ? 1 : 0);
  add(metricKey('5xx', api), status >= 500 ? 1 : 0);
}

interface Message {
  readonly sentTimestamp: number;
}

interface QueueState {
  readonly messages: {
    readonly ready: readonly Message[];
    readonly delayed: readonly Message[];
    readonly inflight: readonly { readonly message: Message }[];
  };
}

/** The emulator of SQS tells more than SQS: all messages, of which CloudWatch has the age of the oldest. */
async function watchQueues({ ready }: StartedStack, { add }: Recorder): Promise<void> {
  const { queues: known } = ready.operation.purger as { readonly queues: { readonly inbox: string } };
  const queues = [
    ['PurgerSubmitBufferQueue', ready.sqs.bufferQueueUrl],
    ['PurgerSubmitBufferDeadLetterQueue', ready.sqs.deadLetterQueueUrl],
    ['PurgerReceiveS3InboxQueue', known.inbox],
  ] as const;
  for (const [queue, url] of queues) {
    const name = url.slice(url.lastIndexOf('/') + 1);
    const answer = await fetch(`${ready.sqs.endpoint}/_fauxqs/queues/${name}`);
    const { messages } = (await answer.json()) as QueueState;
    const inFlight = messages.inflight.map(({ message }) => message);
    const all = [...messages.ready, ...messages.delayed, ...inFlight];
    add(metricKey('ApproximateNumberOfMessagesVisible', queue), messages.ready.length);
    add(metricKey('ApproximateNumberOfMessagesDelayed', queue), messages.delayed.length);
    add(metricKey('ApproximateNumberOfMessagesNotVisible', queue), inFlight.length);
    const oldestMs = Math.min(Date.now(), ...all.map(({ sentTimestamp }) => sentTimestamp));
    add(metricKey('ApproximateAgeOfOldestMessage', queue), Math.round((Date.now() - oldestMs) / 1000));
  }
}
