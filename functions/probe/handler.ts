import { setTimeout as sleep } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { ProbeRequest, ProbeResponse } from '../core/proving/probe.ts';
import { loadHosts } from '../lambda/bundled-rules.ts';
import { readEnvironment } from '../lambda/environment.ts';
import { createLogger } from '../lambda/logger.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { askServer } from './ask.ts';
import { findServer } from './find-server.ts';
import { lookupSoon } from './lookup-soon.ts';
import { createProber } from './probe-urls.ts';

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
