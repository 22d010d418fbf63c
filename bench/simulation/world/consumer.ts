import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  createLimitsTable,
  type LimitsTable,
  slowestWriteMs,
} from '../../../functions/aws/tables/limits-table.ts';
import type { ParkedTable } from '../../../functions/aws/tables/parked-table.ts';
import type { CdnProClient } from '../../../functions/cdn-pro/client.ts';
import type { Limits, LimitsState } from '../../../functions/core/limits/limits.ts';
import type { Pacing } from '../../../functions/core/limits/requests/pacing.ts';
import type { BucketLimit } from '../../../functions/core/limits/requests/request-bucket.ts';
import type { RateLimit } from '../../../functions/core/limits/requests/window.ts';
import type { ConfiguredQuota } from '../../../functions/core/limits/tokens/quota.ts';
import { filesPerRequest, requestsToSpare } from '../../../functions/core/planning/files-per-request.ts';
import type { RequestLimits } from '../../../functions/core/planning/plan.ts';
import { Evidence, isolationRequests } from '../../../functions/core/planning/refusals/evidence.ts';
import { LearnedLimits } from '../../../functions/core/planning/refusals/learned-limits.ts';
import type { SubmitPorts } from '../../../functions/submit/ports.ts';
import { submitBatch } from '../../../functions/submit/submit-batch.ts';
import { entriesIn } from '../changes.ts';
import type { VirtualClock } from './clock.ts';
import type { Invoke } from './event-source.ts';
import type { Queue, Received } from './queue.ts';
import { lowerBound } from './waiting.ts';

/** Options of the function that is simulated. */
export interface ConsumerOptions {
  readonly limit: RateLimit;
  /** @default the largest that CDN Pro gives */
  readonly bucket?: BucketLimit;
  /** @default more tokens than anything here spends */
  readonly quota?: ConfiguredQuota;
  /**
   * An hour of the quota, in milliseconds.
   * @default a real one
   */
  readonly hourMs?: number;
  readonly limits: RequestLimits;
  /** See `LimitsTableOptions`. */
  readonly pacing?: Pacing;
  readonly functionTimeoutMs: number;
  /** How long an invocation lives, in milliseconds from its start; undefined where nothing kills it. */
  readonly lifeMs?: (invocation: number) => number | undefined;
  /** How many calls of others an invocation lives for; undefined where that does not kill it. */
  readonly lifeCalls?: (invocation: number) => number | undefined;
  /**
   * How far the clock of each execution environment is ahead, in milliseconds.
   * @default two environments whose clocks are right
   */
  readonly skewMs?: readonly number[];
  /**
   * Whether the environments are of one deployment, which then has all of the quota.
   * @default each is a deployment that shares the limits with the others
   */
  readonly isOneDeployment?: boolean;
  /** Breaks a part on purpose, to show that it would be seen. */
  readonly mutate?: (ports: SubmitPorts) => SubmitPorts;
  /**
   * Time from a slot's reservation to its request's arrival that the limits allow for.
   * @default the right one
   */
  readonly guardMs?: number;
}

/** What surrounds the function. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly queue: Queue;
  readonly table: DynamoDBClient;
  /** @returns what waits for tokens, by a client of the table */
  readonly parkedBy: (client: DynamoDBClient) => ParkedTable;
  readonly parkedClient: DynamoDBClient;
  readonly cdnPro: CdnProClient;
  readonly deadLetter: (body: string) => void;
  /** How many real messages one simulated message represents. */
  readonly grain: number;
}

interface ExecutionEnvironment {
  readonly nowMs: () => number;
  readonly limitsTable: LimitsTable;
  readonly evidence: Evidence;
  readonly learnedLimits: LearnedLimits;
  isBusy: boolean;
}

/** What is left of the function's time when sending stops, and when requeuing stops, as the handler has them. */
const shutdownBudgetMs = 30_000;
const lastBatchMs = 4_000;
const clockDifferenceMs = 2_000;
const largestBucket: BucketLimit = { perMinute: 120, burst: 240 };
/** So many tokens that none is ever missing. */
const plenty = { files: 1_000_000_000, dirs: 1_000_000_000 };
const unlimited: ConfiguredQuota = { production: plenty, staging: plenty };

/**
 * @returns a function with the real use case in it, and how many of its invocations so far needed more accepted
 * requests than the lower bound of what they held
 */
export function createConsumer(options: ConsumerOptions, surroundings: Surroundings) {
  const { clock, random, queue, parkedBy, parkedClient, cdnPro, deadLetter, grain } = surroundings;
  const environments = (options.skewMs ?? [0, 0]).map((skewMs, index) =>
    createEnvironment(options, surroundings, {
      skewMs,
      deployment: `deployment ${options.isOneDeployment ? 0 : index}`,
    }),
  );
  let invocations = 0;
  let aboveBound = 0;

  function portsOf(
    { nowMs, limitsTable, evidence, learnedLimits }: ExecutionEnvironment,
    life: Life,
    onAccepted: () => void,
  ): SubmitPorts {
    const parked = parkedBy(mortalClient(parkedClient, life));
    const send =
      (deliver: (body: string, delayMs: number) => void) =>
      async (messages: readonly { body: string; delaySeconds?: number }[]) => {
        // 16 batches of ten at once, 20 ms each.
        await clock.sleep(20 * Math.ceil((messages.length * grain) / 160));
        if (!life.isOver)
          for (const { body, delaySeconds = 0 } of messages) deliver(body, delaySeconds * 1000);
        return [];
      };
    return {
      limitsTable,
      cdnPro: {
        async prepare() {
          const client = await cdnPro.prepare();
          return {
            ...client,
            async submit(body, options) {
              const answer = await client.submit(body, options);
              if (answer.kind === 'accepted') onAccepted();
              return answer;
            },
          };
        },
      },
      forgetCredentials() {},
      requeue: send((body, delayMs) => queue.send(body, delayMs)),
      reject: send(deadLetter),
      park: parked.park,
      findPurged: parked.findPurged,
      removeParked: parked.remove,
      // Nobody follows purges here.
      journal: { async record() {} },
      async indexUrls() {},
      async noteUnfollowed() {},
      recover: async () => undefined,
      noteRecovered: async () => {},
      evidence,
      learnedLimits,
      nowMs,
      sleep: (ms) => clock.sleep(ms),
      random,
      measure() {},
      log: { info() {}, warn() {}, error() {} },
    };
  }

  async function invoke(batch: readonly Received[]): Promise<readonly Received[] | undefined> {
    const environment = environments.find(({ isBusy }) => !isBusy) ?? environments[0];
    if (environment === undefined) throw new RangeError('Expected an execution environment, got none');
    environment.isBusy = true;
    const life = createLife(options.lifeCalls?.(invocations));
    let accepted = 0;
    const plan = notePlan(portsOf(environment, life, () => accepted++));
    const mortal = mortalPorts(options.mutate?.(plan.ports) ?? plan.ports, life);
    const endMs = environment.nowMs() + options.functionTimeoutMs;
    const lifeMs = options.lifeMs?.(invocations) ?? options.functionTimeoutMs;
    invocations++;
    const killed = clock.sleep(lifeMs).then(() => undefined);
    const records = batch.map(({ message: { messageId, body } }) => ({ messageId, body }));
    const entries = entriesIn(records.map(({ body }) => body));
    // Reading and planning take their time, too.
    await clock.sleep(0.02 * entries.length * grain);
    const failed = await Promise.race([
      submitBatch(records, mortal, {
        limits: options.limits,
        contract: contractOf(options),
        deadlineMs: endMs - shutdownBudgetMs,
        hasTime: () => environment.nowMs() < endMs - lastBatchMs,
      }),
      killed,
    ]);
    const bound = lowerBound(entries, (files) =>
      filesPerRequest(files, plan.requestsToSpare(contractOf(options)), options.limits.maxFileUrls),
    );
    if (accepted > bound) aboveBound++;
    life.isOver = true;
    environment.isBusy = false;
    return failed === undefined
      ? undefined
      : batch.filter(({ message }) => !failed.includes(message.messageId));
  }

  return { invoke: invoke satisfies Invoke, aboveBound: () => aboveBound };
}

/** Notes when a batch was planned, and the limits that it was planned by: how many files a request carries depends on them. */
function notePlan(ports: SubmitPorts) {
  const { limitsTable, nowMs } = ports;
  let state: LimitsState | undefined;
  let plannedMs: number | undefined;
  const noting: SubmitPorts = {
    ...ports,
    limitsTable: {
      ...limitsTable,
      async read() {
        const read = await limitsTable.read();
        state ??= read;
        return read;
      },
      reserve(requests, note) {
        // A question costs no tokens.
        if (requests.some(({ price }) => price.files + price.dirs > 0)) plannedMs ??= nowMs();
        return limitsTable.reserve(requests, note);
      },
    },
  };
  return {
    ports: noting,
    requestsToSpare: (contract: Limits) =>
      state === undefined || plannedMs === undefined ? 0 : requestsToSpare(state, contract, plannedMs),
  };
}

/** @returns the limits as the function has them configured */
export function contractOf({ limit, bucket = largestBucket, quota = unlimited }: ConsumerOptions): Limits {
  return { rate: limit, bucket, requestCost: 1, quota, tokenUnit: 'url' };
}

function createEnvironment(
  options: ConsumerOptions,
  surroundings: Surroundings,
  { skewMs, deployment }: { readonly skewMs: number; readonly deployment: string },
): ExecutionEnvironment {
  const nowMs = () => Math.floor(surroundings.clock.nowMs()) + skewMs;
  return {
    nowMs,
    limitsTable: createLimits(options, surroundings.table, deployment, nowMs),
    evidence: new Evidence({ isolationRequests: isolationRequests(options.limit) }),
    learnedLimits: new LearnedLimits(),
    isBusy: false,
  };
}

/** @returns the limits as one execution environment has them */
export function createLimits(
  options: ConsumerOptions,
  client: DynamoDBClient,
  deployment: string,
  nowMs: () => number,
): LimitsTable {
  const { guardMs, pacing } = options;
  return createLimitsTable({
    client,
    tableName: 'ledger',
    deployment,
    limits: contractOf(options),
    guardMs: guardMs ?? slowestWriteMs + 10_000 + clockDifferenceMs,
    clockDifferenceMs,
    nowMs,
    ...(pacing === undefined ? {} : { pacing }),
  });
}

/** A consumer that was killed does nothing any more: what it waits for never comes. */
function mortalPorts(ports: SubmitPorts, life: Life): SubmitPorts {
  const mortal = mortalCalls(life);
  const { limitsTable, cdnPro } = ports;
  return {
    ...ports,
    limitsTable: {
      ...limitsTable,
      reserve: mortal((requests, note) => limitsTable.reserve(requests, note)),
      close: mortal((untilMs, forWhom) => limitsTable.close(untilMs, forWhom)),
      note: mortal((change) => limitsTable.note(change)),
    },
    cdnPro: {
      async prepare() {
        const client = await cdnPro.prepare();
        return {
          submit: mortal(client.submit),
          purgeTokens: mortal(client.purgeTokens),
          serviceQuotas: mortal(client.serviceQuotas),
        };
      },
    },
    requeue: mortal(ports.requeue),
    reject: mortal(ports.reject),
    sleep: mortal(ports.sleep),
  };
}

/** Whether a function was killed. */
export interface Life {
  isOver: boolean;
  /** After so many calls it is killed. */
  callsLeft: number;
}

/** @returns a life that ends after so many calls of others, if at all */
export function createLife(callsLeft = Number.POSITIVE_INFINITY): Life {
  return { isOver: false, callsLeft };
}

/** @returns calls that never come back once the function was killed: what was under way may be done, or not begun */
export function mortalCalls(life: Life) {
  const never = new Promise<never>(() => {});
  return <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      if (life.callsLeft <= 0) life.isOver = true;
      if (life.isOver) return never;
      life.callsLeft--;
      const result = await call(...args);
      return life.isOver ? never : result;
    };
}

/** @returns a client whose operations never come back once the function was killed */
export function mortalClient(client: DynamoDBClient, life: Life): DynamoDBClient {
  const send = mortalCalls(life)((command: Parameters<DynamoDBClient['send']>[0]) => client.send(command));
  return { send } as unknown as DynamoDBClient;
}
