import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from '../aws/client-options.ts';
import { createPurgeRecorder } from '../aws/journal/purge-recorder.ts';
import { createUnfollowedNotes } from '../aws/journal/unfollowed-notes.ts';
import { createUrlIndex } from '../aws/journal/url-index.ts';
import { createSecretReader } from '../aws/secrets.ts';
import { createLimitsTable, type LimitsTable, slowestWriteMs } from '../aws/tables/limits-table.ts';
import { createParkedTable } from '../aws/tables/parked-table.ts';
import { sendMessages } from '../buffer/send-messages.ts';
import { parseCredentials } from '../cdn-pro/auth.ts';
import { createCdnProClient, requestTimeoutMs } from '../cdn-pro/client.ts';
import { createObservingClient } from '../cdn-pro/observe.ts';
import { Evidence, isolationRequests } from '../core/planning/refusals/evidence.ts';
import { LearnedLimits } from '../core/planning/refusals/learned-limits.ts';
import { readEnvironment, readOptionalVariable } from '../lambda/environment.ts';
import type { Log } from '../lambda/log.ts';
import type { Measure } from '../lambda/metrics.ts';
import * as submitEvents from '../lambda/submit-events.ts';
import type { SubmitOptions, SubmitPorts } from './ports.ts';

/** The most that clocks are taken to differ. */
const clockDifferenceMs = 2_000;
/** A request arrives at most its timeout after its slot was written. */
const guardMs = slowestWriteMs + requestTimeoutMs + clockDifferenceMs;

const nowMs = Date.now;

/** The ports of a function, and the limits of its batches. */
export interface ConnectedPorts {
  readonly ports: SubmitPorts;
  readonly options: Pick<SubmitOptions, 'limits' | 'contract'>;
}

/**
 * @returns ports to the services that the environment names
 * @throws MissingVariableError
 */
export function portsFromEnvironment(log: Log, measure: Measure): ConnectedPorts {
  const { bufferQueueUrl, deadLetterQueueUrl, planning, limits } = readEnvironment(
    'bufferQueueUrl',
    'deadLetterQueueUrl',
    'planning',
    'limits',
  );
  const sqs = new SQSClient(clientOptions);
  const ports: SubmitPorts = {
    ...cdnProPorts(),
    limitsTable: limitsFromEnvironment(log),
    requeue: (messages, hasTime) => sendMessages(sqs, bufferQueueUrl, messages, hasTime),
    reject: (messages) => sendMessages(sqs, deadLetterQueueUrl, messages),
    ...parkedFromEnvironment(),
    ...journalFromEnvironment(),
    recover,
    noteRecovered: noteFromEnvironment(),
    evidence: new Evidence({ isolationRequests: isolationRequests(limits.rate) }),
    learnedLimits: new LearnedLimits(),
    nowMs,
    sleep: (ms) => sleep(ms),
    random: Math.random,
    log,
    measure,
  };
  return { ports, options: { limits: planning, contract: limits } };
}

function cdnProPorts(): Pick<SubmitPorts, 'cdnPro' | 'forgetCredentials'> {
  const { cdnProEndpoint: endpoint, credentialsSecretId } = readEnvironment(
    'cdnProEndpoint',
    'credentialsSecretId',
  );
  const secrets = createSecretReader(new SecretsManagerClient(clientOptions), nowMs);
  const credentials = async () => parseCredentials(await secrets.read(credentialsSecretId));
  const client = createCdnProClient({ endpoint, credentials, nowMs });
  return {
    cdnPro: readOptionalVariable('mode') === 'observe' ? createObservingClient(client) : client,
    forgetCredentials: () => secrets.forget(credentialsSecretId),
  };
}

function parkedFromEnvironment(): Pick<SubmitPorts, 'park' | 'findPurged' | 'removeParked'> {
  const { parkedTable: tableName } = readEnvironment('parkedTable');
  const client = new DynamoDBClient(clientOptions);
  const { park, findPurged, remove } = createParkedTable({ client, tableName, nowMs, random: Math.random });
  return { park, findPurged, removeParked: remove };
}

function journalFromEnvironment(): Pick<SubmitPorts, 'journal' | 'indexUrls' | 'noteUnfollowed'> {
  const { journalTable: tableName, parkedTable } = readEnvironment('journalTable', 'parkedTable');
  // A purge is accepted whether or not it is written down: that may not keep others waiting.
  const requestHandler = { connectionTimeout: 1_000, socketTimeout: 2_000 };
  const client = new DynamoDBClient({ ...clientOptions, requestHandler, maxAttempts: 2 });
  const table = { client, tableName, nowMs };
  return {
    journal: createPurgeRecorder(table),
    indexUrls: createUrlIndex(table).add,
    noteUnfollowed: createUnfollowedNotes({ client, tableName: parkedTable, nowMs }).add,
  };
}

function limitsFromEnvironment(log: Log): LimitsTable {
  const {
    ledgerTableName: tableName,
    bufferQueueUrl: deployment,
    limits,
  } = readEnvironment('ledgerTableName', 'bufferQueueUrl', 'limits');
  return createLimitsTable({
    client: new DynamoDBClient({ ...clientOptions, ...regionOf(tableName) }),
    tableName,
    deployment,
    limits,
    onStricterLimit: ({ rate: { requests, perSeconds }, bucket }) =>
      log.warn(submitEvents.stricterLimit, { requests, perSeconds, bucket }),
    guardMs,
    clockDifferenceMs,
    nowMs,
  });
}

/** A table that is named by its ARN may be in another region. */
function regionOf(table: string): { readonly region?: string } {
  const region = table.startsWith('arn:') ? table.split(':')[3] : undefined;
  return region ? { region } : {};
}

/** What an S3 event needs that comes back from the dead letter queue, which is seldom: the mapping and the rules. */
async function loadRecovery(): Promise<typeof import('./recover.lazy.ts')> {
  return import(new URL('recover.lazy.mjs', import.meta.url).href);
}

const recover: SubmitPorts['recover'] = async (body) => (await loadRecovery()).recover(body);

function noteFromEnvironment(): SubmitPorts['noteRecovered'] {
  const tableName = readOptionalVariable('seenObjectsTable');
  if (tableName === undefined) return async () => {};
  const client = new DynamoDBClient(clientOptions);
  return async (changes) => (await loadRecovery()).noteRecovered(changes, { client, tableName, nowMs });
}
