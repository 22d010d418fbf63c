import { expect, test } from 'vitest';
import { type AcceptedPurge, type AwsTestPorts, runAwsTest } from '../aws/run-test.ts';
import type { TestStackSettings } from '../aws/test-stack-settings.ts';

const settings = { region: 'eu-central-1', stackName: 'cdn-purger-test-x1', cdnPro: undefined };
const realCdnPro = {
  endpoint: 'https://api.cdnetworks.com',
  host: 'www.example.com',
  target: 'staging' as const,
  credentials: { username: 'someone', apiKey: 'the-key-of-the-user' },
};

/** An account in which everything works, save what is overridden. */
function accountWith(overrides: Partial<AwsTestPorts> = {}) {
  const secrets = new Map<string, string>();
  const stacks: TestStackSettings[] = [];
  const urls: string[] = [];
  let nowMs = 1_000_000;
  const accepted = (): readonly AcceptedPurge[] => [{ acceptedMs: nowMs, purge: { fileUrls: urls } }];
  const base = 'https://www.example.com/cdn-purger-test-x1';
  const ports: AwsTestPorts = {
    createSecret: async (name, value) => void secrets.set(name, value),
    deleteSecret: async (name) => void secrets.delete(name),
    async deploy(stack) {
      stacks.push(stack);
      return { BucketName: 'bucket', WebhookUrl: 'https://api.example/webhooks/' };
    },
    destroy: async () => void stacks.pop(),
    upload: async (_bucket, key) => void urls.push(`${base}/${encodeURI(key)}`),
    async deliver(_url, _secret, slug) {
      urls.push(`${base}/news/${slug}`);
      return 202;
    },
    accepted: async () => accepted(),
    count: async () => 0,
    requestsInWindow: async () => 1,
    alarmStates: async (namePrefix) => new Map([[`${namePrefix}freshness`, 'OK']]),
    entriesPurged: async () => urls.length,
    async sleep(ms) {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    log: () => {},
    ...overrides,
  };
  return { ports, secrets, stacks };
}

test('what is uploaded and delivered is purged, and nothing is left', async () => {
  const { ports, secrets, stacks } = accountWith();
  expect(await runAwsTest(settings, ports)).toEqual({ failures: [], stayed: [] });
  expect([secrets.size, stacks.length]).toEqual([0, 0]);
});

test("with the user's CDN Pro, an empty buffer and a used window say that the purges went out", async () => {
  let deployed: TestStackSettings | undefined;
  const { ports } = accountWith({
    deploy: async (stack) => {
      deployed = stack;
      return {};
    },
    accepted: () => Promise.reject(new Error('There is no stand-in.')),
  });
  expect(await runAwsTest({ ...settings, cdnPro: realCdnPro }, ports)).toEqual({ failures: [], stayed: [] });
  expect(deployed).toMatchObject({ endpoint: realCdnPro.endpoint, target: 'staging' });
  // What the template is made of must not hold the user's key.
  expect(JSON.stringify(deployed)).not.toContain('the-key-of-the-user');
});

test('the clock starts when S3 sends events by each way, however long that takes', async () => {
  const { ports } = accountWith();
  const seen = new Map<string, number>();
  const startMs = ports.nowMs();
  const opensMs = { 'site/': startMs + 280_000, 'notified/': startMs + 330_000 };
  const upload = async (bucket: string, key: string) => {
    const opened = Object.entries(opensMs).some(
      ([prefix, atMs]) => key.startsWith(prefix) && ports.nowMs() >= atMs,
    );
    if (opened) await ports.upload(bucket, key);
    seen.set(key, ports.nowMs());
  };
  expect((await runAwsTest(settings, { ...ports, upload })).failures).toEqual([]);
  expect((seen.get('site/page 0.html') ?? 0) - startMs).toBeGreaterThanOrEqual(330_000);
});

test('a way by which S3 sends nothing is named', async () => {
  const { ports } = accountWith();
  const upload = async (bucket: string, key: string) => {
    if (!key.startsWith('notified/')) await ports.upload(bucket, key);
  };
  expect((await runAwsTest(settings, { ...ports, upload })).failures).toEqual([
    'S3 sent no event by notification within 480 s',
  ]);
});

test.each<[string, Partial<AwsTestPorts>, RegExp]>([
  ['nothing is purged', { accepted: async () => [] }, /no event by eventbridge/],
  [
    'the dead letter queue is not empty',
    { count: async (url) => (url === '' ? 0 : 1) },
    /dead letter queue, got 1/,
  ],
  ['no request is noted', { requestsInWindow: async () => 0 }, /window/],
  ['the webhook is refused', { deliver: async () => 401 }, /401/],
  ['no metric is in the log lines', { entriesPurged: async () => 0 }, /EntriesPurged, got 0/],
  ['there are no alarms', { alarmStates: async () => new Map() }, /expected alarms/],
  [
    'an alarm goes off',
    { alarmStates: async (prefix) => new Map([[`${prefix}throttled`, 'ALARM']]) },
    /cdn-purger-test-x1-Purger-throttled goes off/,
  ],
  ['the deployment fails', { deploy: () => Promise.reject(new Error('no bootstrap')) }, /no bootstrap/],
])('it fails where %s, and removes everything all the same', async (_, overrides, reason) => {
  const { ports, secrets, stacks } = accountWith(overrides);
  const withQueues: AwsTestPorts = {
    ...ports,
    deploy: async (stack) => ({ ...(await ports.deploy(stack)), DeadLetterQueueUrl: 'dead' }),
  };
  const { failures, stayed } = await runAwsTest(settings, withQueues);
  expect(failures.join('\n')).toMatch(reason);
  expect(stayed).toEqual([]);
  expect([secrets.size, stacks.length]).toEqual([0, 0]);
});

test('what cannot be removed is named with its command, and the rest is removed', async () => {
  const { ports, secrets } = accountWith({ destroy: () => Promise.reject(new Error('no network')) });
  const { stayed } = await runAwsTest(settings, ports);
  expect(stayed).toEqual([
    'the stack cdn-purger-test-x1 (no network): aws cloudformation delete-stack --region eu-central-1 --stack-name cdn-purger-test-x1',
  ]);
  expect(secrets.size).toBe(0);
});
