import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from '../aws/client-options.ts';
import { createProgressNotes } from '../aws/journal/progress-notes.ts';
import { createUnfollowedNotes } from '../aws/journal/unfollowed-notes.ts';
import { createUrlSearch } from '../aws/journal/url-search.ts';
import { createSecretReader } from '../aws/secrets.ts';
import { createJournal } from '../aws/tables/journal-table.ts';
import { createLimitsTable, slowestWriteMs } from '../aws/tables/limits-table.ts';
import { createParkedTable } from '../aws/tables/parked-table.ts';
import { createTickTurns } from '../aws/tables/tick-state.ts';
import { sendMessages } from '../buffer/send-messages.ts';
import { parseCredentials } from '../cdn-pro/auth.ts';
import { createCdnProClient, requestTimeoutMs } from '../cdn-pro/client.ts';
import type { Limits } from '../core/limits/limits.ts';
import { purgerName, readEnvironment, readOptionalVariable } from '../lambda/environment.ts';
import type { Log } from '../lambda/log.ts';
import type { Measure } from '../lambda/metrics.ts';
import { createFollower } from './follow/follow.ts';
import type { FollowPorts } from './follow/follow-ports.ts';
import { createUnfollowedMeasure } from './follow/measure-unfollowed.ts';
import type { TickPorts } from './ports.ts';
import { createTick, type TickTime } from './tick.ts';

/** The most that clocks are taken to differ. */
const clockDifferenceMs = 2_000;

const nowMs = Date.now;

/**
 * @returns what each tick does, with the services that the environment names
 * @throws MissingVariableError
 */
export function tickFromEnvironment(log: Log, measure: Measure): (time: TickTime) => Promise<void> {
  const { bufferQueueUrl, deadLetterQueueUrl, parkedTable, journalTable, limits, planning } = readEnvironment(
    'bufferQueueUrl',
    'deadLetterQueueUrl',
    'parkedTable',
    'journalTable',
    'limits',
    'planning',
  );
  const sqs = new SQSClient(clientOptions);
  const client = new DynamoDBClient(clientOptions);
  const table = { client, tableName: parkedTable, nowMs };
  const shared = {
    limitsTable: limitsFromEnvironment(limits),
    cdnPro: cdnProFromEnvironment(),
    send: (messages) => sendMessages(sqs, bufferQueueUrl, messages),
    nowMs,
    log,
    measure,
  } satisfies Partial<TickPorts>;
  const release = createTick(
    {
      ...shared,
      parked: createParkedTable({ ...table, random: Math.random }),
      turns: createTickTurns(table),
    },
    { limits, convertInShortage: planning.convertInShortage },
  );
  const journal = createJournal({ client, tableName: journalTable, nowMs });
  const own = {
    journal,
    search: createUrlSearch({ client, tableName: journalTable }),
    progress: createProgressNotes({ client, tableName: journalTable }),
    unfollowed: createUnfollowedNotes(table),
    reject: (messages) => sendMessages(sqs, deadLetterQueueUrl, messages),
    putEvent,
    purger: purgerName(),
    sleep: (ms: number) => sleep(ms),
    ...probingFromEnvironment(),
  } satisfies Partial<FollowPorts>;
  const follow = createFollower({ ...shared, ...own }, { limits });
  const measureUnfollowed = createUnfollowedMeasure({ ...shared, ...own });
  return async (time) => {
    // What fails in one of them keeps nobody waiting in the other.
    const ended = await Promise.allSettled([release(time), follow(time), measureUnfollowed()]);
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  };
}

function limitsFromEnvironment(limits: Limits): TickPorts['limitsTable'] {
  const { ledgerTableName: tableName, bufferQueueUrl: deployment } = readEnvironment(
    'ledgerTableName',
    'bufferQueueUrl',
  );
  // A table that is named by its ARN may be in another region.
  const region = tableName.startsWith('arn:') ? tableName.split(':')[3] : undefined;
  return createLimitsTable({
    client: new DynamoDBClient({ ...clientOptions, ...(region !== undefined && { region }) }),
    tableName,
    deployment,
    limits,
    guardMs: slowestWriteMs + requestTimeoutMs + clockDifferenceMs,
    clockDifferenceMs,
    nowMs,
  });
}

function cdnProFromEnvironment(): TickPorts['cdnPro'] & FollowPorts['cdnPro'] {
  const { cdnProEndpoint: endpoint, credentialsSecretId } = readEnvironment(
    'cdnProEndpoint',
    'credentialsSecretId',
  );
  const secrets = createSecretReader(new SecretsManagerClient(clientOptions), nowMs);
  const credentials = async () => parseCredentials(await secrets.read(credentialsSecretId));
  return createCdnProClient({ endpoint, credentials, nowMs });
}

/** @returns nothing where nothing is probed; the client of Lambda is loaded with the first purge that is */
function probingFromEnvironment(): Pick<FollowPorts, 'probing'> {
  const functionName = readOptionalVariable('probeFunction');
  if (functionName === undefined) return {};
  const { vantages } = readEnvironment('vantages');
  return {
    probing: {
      vantages,
      async probe(request) {
        const url = new URL('invoke-probe.lazy.mjs', import.meta.url).href;
        const module = (await import(url)) as typeof import('./invoke-probe.lazy.ts');
        return module.invokeProbe(functionName, request);
      },
    },
  };
}

/** The client of EventBridge is loaded when the first purge has ended: a tick while nothing is open does without it. */
const putEvent: FollowPorts['putEvent'] = async (type, detail) => {
  const url = new URL('put-event.lazy.mjs', import.meta.url).href;
  const module = (await import(url)) as typeof import('./put-event.lazy.ts');
  return module.putEvent(type, detail);
};
