import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Template } from 'aws-cdk-lib/assertions';
import { checkConfig } from '../infra/settings/purger-config.ts';
import { PurgerStack } from '../infra/stack/purger-stack.ts';
import { unbundledApp } from '../test/helpers/purger-stack.ts';
import { alarmStates } from './dashboard/alarm-states.ts';
import { widgetsOf } from './dashboard/definition.ts';
import { drawDashboard } from './dashboard/draw.ts';
import { play } from './dashboard/play.ts';
import type { Recording } from './dashboard/recording.ts';
import { config } from './dashboard/site.ts';

const recordingFile = join(import.meta.dirname, 'dashboard/recording.json.gz');
const pictureFile = join(import.meta.dirname, '../docs/dashboard.svg');
const minutes = 25;

/**
 * Draws the synthesized dashboard into `docs/dashboard.svg`, with the metrics of a recorded run of the local stack. With
 * `record`, records one first, which takes 25 minutes.
 */
export async function main([what]: readonly string[]): Promise<boolean> {
  if (what === 'record') {
    writeFileSync(recordingFile, gzipSync(JSON.stringify(await play(minutes))));
    console.log('Written: bench/dashboard/recording.json.gz');
  }
  writeFileSync(pictureFile, pictureOf(synthesized()));
  console.log('Written: docs/dashboard.svg');
  return true;
}

/** @returns the template of the purger in the picture */
export function synthesized(): Template {
  return Template.fromStack(
    new PurgerStack(unbundledApp(), config.stackName, { config: checkConfig(config) }),
  );
}

/** @returns the dashboard of a template as a picture, with the metrics of the recorded run */
export function pictureOf(template: Template): string {
  const recording = JSON.parse(gunzipSync(readFileSync(recordingFile)).toString()) as Recording;
  return drawDashboard(widgetsOf(template), alarmStates(template, recording), recording);
}
