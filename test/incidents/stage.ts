import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { alarmsOf } from '../helpers/watched-metrics.ts';
import { type Incident, incidents } from './incidents.ts';
import { config, startWorld, type World } from './world.ts';

/** `npm run incident -- N`: stages one, says what a person on call would see, and keeps it up until Ctrl-C. */
const number = Number(process.argv[2]);
const incident = Number.isInteger(number) ? incidents[number - 1] : undefined;
if (incident === undefined) {
  console.error(
    `Expected the number of an incident, from 1 to ${incidents.length}, got "${process.argv[2] ?? ''}"`,
  );
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-incident-'));
process.env.TMPDIR = scratch;
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
await stage(incident);
process.exit();

async function stage(staged: Incident): Promise<void> {
  const parent = process.ppid;
  const stopped = new Promise<void>((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => settle());
    // npm may be ended without this process.
    setInterval(() => process.ppid !== parent && settle(), 500);
  });
  const world = await startWorld(staged);
  try {
    await staged.happens(world);
    console.log(
      `\nIncident ${number}, at ${new Date().toISOString()}\n\n  ${said(staged, world)}\n\n${found(world)}`,
    );
    await stopped;
  } finally {
    await world.stop();
  }
}

/** @returns what reaches the person on call */
function said({ alarm, call }: Incident, { aws }: World): string {
  if (alarm === undefined) return `An editor calls: "${call}"`;
  const stack = new PurgerStack(unbundledApp(), config.stackName, { config: checkConfig(config) });
  const name = `${config.stackName}-Purger-${alarm}`;
  // Some are there for each receiver.
  const [AlarmName, { AlarmDescription }] = [...alarmsOf(Template.fromStack(stack))]
    .toSorted(([a], [b]) => a.length - b.length)
    .find(([each]) => each === name || each.startsWith(`${name}-`)) ?? [name, { AlarmDescription: '' }];
  aws.alarm = {
    ...aws.alarm,
    StateValue: 'ALARM',
    AlarmName,
    AlarmDescription,
    StateUpdatedTimestamp: Date.now() / 1000,
  };
  return `CloudWatch: ${AlarmName} is in the state ALARM.\n  ${AlarmDescription}`;
}

/** @returns how to look at it */
function found({ edges, aws, files }: World): string {
  const environment = Object.entries(aws.environment).map(([name, value]) => `${name}=${value}`);
  return `The stack ${config.stackName} is found in this environment, as in an account of AWS:

  export ${environment.join(' ')}
  node infra/cli/cdn-purger.mjs COMMAND --stack ${config.stackName}

or as a local one: node infra/cli/cdn-purger.mjs COMMAND --ready ${files.ready}
Its configuration: ${files.config}
Edges, as visitors see them: ${edges.map((edge) => `curl -i -H 'host: www.example.com' ${edge}/a.html`).join('\n  ')}
The runbook: docs/operations.md

It stays up until Ctrl-C.`;
}
