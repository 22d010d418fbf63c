import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { PurgerError } from '../core/model/errors.ts';
import type { ProbeRequest, ProbeResponse } from '../core/proving/probe.ts';
import { loadHosts } from '../lambda/bundled-rules.ts';
import { readEnvironment } from '../lambda/environment.ts';
import { createLogger } from '../lambda/logger.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { askServer } from './ask.ts';
import { findServer } from './find-server.ts';
import { createProber } from './probe-urls.ts';

/** The system's resolver may take longer than everything that comes after it. */
const longestLookupMs = 2000;

/** The resolver has not answered. */
class LookupTimeoutError extends PurgerError {
  override readonly name = 'LookupTimeoutError';
}

async function lookupSoon(host: string) {
  const late = sleep(longestLookupMs, undefined, { ref: false }).then(() => {
    throw new LookupTimeoutError(`expected an answer within ${longestLookupMs} ms, got none`);
  });
  return Promise.race([lookup(host, { all: true }), late]);
}

const log = createLogger('probe');
const hosts = loadHosts();
const probe = createProber({
  vantages: readEnvironment('vantages').vantages,
  find: (url, vantage) => findServer(url, vantage, { hosts, lookup: lookupSoon }),
  ask: (url, headers, server, withinMs, versionHeader) =>
    askServer(url, headers, server, AbortSignal.timeout(withinMs), versionHeader),
  nowMs: Date.now,
  sleep: (ms) => sleep(ms),
});

export const handler = middy<ProbeRequest, ProbeResponse>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(log))
  .handler((request) => probe(request));
