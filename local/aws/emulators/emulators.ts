import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { isLoopbackHost, otherHostAnswer, refuseOtherHosts } from '../../loopback/hosts.ts';
import { LocalStackError } from '../template/errors.ts';
import { allowAnyContentType } from './any-content-type.ts';
import { answerNotifications } from './bucket-notifications.ts';
import { answerEvents, type EventEntry } from './events.ts';
import { type ObjectWrite, watchObjectWrites } from './object-writes.ts';
import { answerSecrets, type Secrets } from './secrets.ts';
import { closeServer, listen, refusePort, type Stop, stopAll } from './server.ts';

/** The credentials that every local client uses. The emulators accept any. */
export const localCredentials = {
  accessKeyId: 'local',
  secretAccessKey: 'local',
  sessionToken: 'local',
} as const;

/** Where emulators listen; a missing port is any free one. */
export interface EmulatorPorts {
  readonly s3AndSqs?: number;
  readonly dynamodb?: number;
  readonly secretsManager?: number;
}

/** The emulators, listening. */
export interface Emulators {
  /** URLs without a trailing slash. S3 and SQS share one. */
  readonly endpoints: {
    readonly s3: string;
    readonly sqs: string;
    readonly dynamodb: string;
    readonly secretsManager: string;
    readonly eventBridge: string;
  };
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  /** Creates a bucket; one that exists stays as it is. */
  readonly createBucket: (name: string) => Promise<void>;
  /** Whether the owner of a bucket lets it send its events to EventBridge. */
  readonly sendsToEventBridge: (bucket: string) => boolean;
  readonly stop: () => Promise<void>;
}

/**
 * Starts S3 and SQS (fauxqs), DynamoDB (dynalite) and endpoints of Secrets Manager and EventBridge, all of them empty and on 127.0.0.1.
 * @throws {PortInUseError} for a port that is taken; what had started is stopped then.
 */
export async function startEmulators(options: {
  readonly region: string;
  readonly ports?: EmulatorPorts;
  readonly secrets: Secrets;
  readonly onObjectWrite: (write: ObjectWrite) => void;
  /** Called with each event that a function puts onto a bus. */
  readonly onEvent: (event: EventEntry) => void;
}): Promise<Emulators> {
  const { region, ports = {} } = options;
  const stops: Stop[] = [];
  try {
    const storage = await startS3AndSqs(region, ports.s3AndSqs, options.onObjectWrite, stops);
    const dynamodbUrl = await startDynamodb(ports.dynamodb, stops);
    const secretsServer = createServer(
      refuseOtherHosts((request, response) => void answerSecrets(request, response, options.secrets)),
    );
    const secretsManager = await listen(secretsServer, ports.secretsManager, 'Secrets Manager');
    stops.push(() => closeServer(secretsServer));
    const eventsServer = createServer(
      refuseOtherHosts((request, response) => void answerEvents(request, response, options.onEvent)),
    );
    const eventBridge = await listen(eventsServer, undefined, 'EventBridge');
    stops.push(() => closeServer(eventsServer));
    const client = { region, credentials: localCredentials, maxAttempts: 1 };
    const sqs = new SQSClient({ ...client, endpoint: storage.url });
    const dynamodb = new DynamoDBClient({ ...client, endpoint: dynamodbUrl });
    stops.push(
      () => sqs.destroy(),
      () => dynamodb.destroy(),
    );
    return {
      endpoints: { s3: storage.url, sqs: storage.url, dynamodb: dynamodbUrl, secretsManager, eventBridge },
      sqs,
      dynamodb,
      createBucket: storage.createBucket,
      sendsToEventBridge: storage.sendsToEventBridge,
      stop: () => stopAll(stops),
    };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

async function startS3AndSqs(
  region: string,
  port: number | undefined,
  onObjectWrite: (write: ObjectWrite) => void,
  stops: Stop[],
) {
  const app = buildApp({ logger: false, defaultRegion: region });
  app.addHook('onRequest', (request, reply, done) => {
    if (isLoopbackHost(request.headers.host)) done();
    else reply.code(421).send(otherHostAnswer);
  });
  allowAnyContentType(app);
  watchObjectWrites(app, onObjectWrite);
  const sendsToEventBridge = answerNotifications(app);
  // fauxqs hands out queue URLs on a host that does not resolve: `http://sqs.{region}.localhost:PORT/...`.
  app.addHook('onSend', (request, _reply, payload, done) => {
    const isQueueAnswer = String(request.headers['x-amz-target']).startsWith('AmazonSQS.');
    const address = /http:\/\/sqs\.[\w-]+\.localhost:(\d+)\//g;
    done(
      null,
      isQueueAnswer && typeof payload === 'string'
        ? payload.replace(address, 'http://127.0.0.1:$1/')
        : payload,
    );
  });
  const url = await app
    .listen({ port: port ?? 0, host: '127.0.0.1' })
    .catch((error) => refusePort(error, port, 'S3 and SQS'));
  stops.push(() => app.close());
  return {
    url,
    sendsToEventBridge,
    async createBucket(name: string) {
      const { statusCode, body } = await app.inject({ method: 'PUT', url: `/${name}` });
      if (statusCode !== 200) throw new LocalStackError(`The bucket ${name} could not be created: ${body}`);
    },
  };
}

async function startDynamodb(port: number | undefined, stops: Stop[]): Promise<string> {
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  // dynalite throws, uncaught, when a client disconnects before its answer, as a child that is killed at its timeout does.
  server.on('request', (request: IncomingMessage) => {
    request.removeAllListeners('error');
    request.on('error', () => {});
  });
  const answer = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  const inHand = requestsInHand();
  server.on(
    'request',
    refuseOtherHosts((request, response) => {
      if (!inHand.add(request, response)) return;
      for (const each of answer) each.call(server, request, response);
    }),
  );
  const url = await listen(server, port, 'DynamoDB');
  stops.push(async () => {
    // dynalite throws, uncaught, for what it still has to write once it is closed.
    await inHand.end();
    await closeServer(server);
  });
  return url;
}

/** The requests that a server is about to answer. */
function requestsInHand() {
  const all = new Set<ServerResponse>();
  let ended: (() => void) | undefined;
  const done = (response: ServerResponse) => {
    all.delete(response);
    if (all.size === 0) ended?.();
  };
  return {
    /** @returns whether a request is to be answered; after the end none is */
    add(request: IncomingMessage, response: ServerResponse): boolean {
      if (ended !== undefined) {
        request.destroy();
        return false;
      }
      all.add(response);
      // It is ended, too, where the client has gone meanwhile; one that was cut off is never begun.
      const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
      response.end = (...args: unknown[]) => {
        done(response);
        return end(...args);
      };
      request.once('close', () => {
        if (!request.complete) done(response);
      });
      return true;
    },
    /** Takes no more requests, and waits for those in hand. */
    async end(): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      ended = resolve;
      if (all.size === 0) resolve();
      await promise;
    },
  };
}
