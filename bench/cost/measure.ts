import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startAws } from '../../local/aws/start-aws.ts';
import { synthesize } from '../../local/aws/synthesize.ts';
import { readAssembly, type Template } from '../../local/aws/template/assembly.ts';
import { largeQuotas } from '../../local/cdn-pro/options.ts';
import { startCdnPro } from '../../local/cdn-pro/server.ts';
import { localCredentials, localSecrets } from '../../local/demo/secrets.ts';
import { changerOf, untilPurged } from './changes.ts';
import { memoryByFunction, newWritten, readLine } from './function-output.ts';
import { type Load, play } from './loads.ts';
import type { Path } from './paths.ts';
import { dynamodbUnitsOf, sqsRequestsOf, startRequestMeter } from './request-meter.ts';
import { accessLogBytesOf, type FunctionUsage, gbSecondsOf, platformLogBytes, type Usage } from './usage.ts';

const meterUrl = pathToFileURL(join(import.meta.dirname, 'invocation-meter.mjs')).href;

/** A path that is measured, and the template that was. */
export interface MeasuredPath {
  readonly template: Template;
  /** By the name of the load. */
  readonly usage: ReadonlyMap<string, Usage>;
}

/** Runs each load on a separate local stack, with the path's configuration. */
export async function measurePath(path: Path, loads: readonly Load[]): Promise<MeasuredPath> {
  const usage = new Map<string, Usage>();
  const { directory, remove } = await synthesizePath(path);
  try {
    for (const load of loads) usage.set(load.name, await measureLoad(path, load, directory));
    return { template: readAssembly(directory).template, usage };
  } finally {
    remove();
  }
}

async function synthesizePath({ config }: Path) {
  const folder = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-cost-'));
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  try {
    return await synthesize(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureLoad(path: Path, load: Load, assemblyDir: string): Promise<Usage> {
  const hosts = ['www.example.com'];
  const cdnPro = await startCdnPro({
    quotas: largeQuotas,
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
  });
  let written = newWritten();
  const memoryOf = memoryByFunction(assemblyDir);
  const aws = await startAws({
    assemblyDir,
    // What runs each minute is counted by the month, see `fixed.ts`.
    scheduleEveryMs: 24 * 60 * 60 * 1000,
    secrets: localSecrets(path.config),
    environment: {
      CDN_PRO_ENDPOINT: cdnPro.url,
      NODE_OPTIONS: `--import=${meterUrl}`,
    },
    onFunctionLog: ({ logicalId }, line) => readLine(line, logicalId, memoryOf, written),
  });
  try {
    const change = changerOf(path, aws);
    const warmUp = { name: 'warm-up', title: '', changes: 1 };
    await play(
      warmUp,
      () => change(-1),
      (count) => untilPurged(count, cdnPro, aws),
    );
    written = newWritten();
    const meter = startRequestMeter();
    const requestsBefore = cdnPro.purges.length;
    await play(load, change, (count) => untilPurged(count + 1, cdnPro, aws));
    meter.stop();
    const { readUnits, writeUnits } = dynamodbUnitsOf(meter.requests);
    const invocations = [...written.invocations.values()].reduce((sum, all) => sum + all.length, 0);
    const httpApiRequests = path.name === 'webhook' ? load.changes : 0;
    const { template } = readAssembly(assemblyDir);
    return {
      changes: load.changes,
      eventBridgeEvents: path.name === 'eventbridge' ? load.changes : 0,
      httpApiRequests,
      functions: Object.fromEntries(
        [...written.invocations].map(([name, all]): [string, FunctionUsage] => [
          name,
          {
            invocations: all.length,
            gbSeconds: all.reduce((sum, each) => sum + gbSecondsOf(each), 0),
          },
        ]),
      ),
      sqsRequests: sqsRequestsOf(meter.requests),
      dynamodbReadUnits: readUnits,
      dynamodbWriteUnits: writeUnits,
      logBytes:
        written.logBytes + invocations * platformLogBytes + httpApiRequests * accessLogBytesOf(template),
      purgeRequests: cdnPro.purges.length - requestsBefore,
      metrics: written.metrics,
    };
  } finally {
    await aws.stop();
    await cdnPro.stop();
  }
}
