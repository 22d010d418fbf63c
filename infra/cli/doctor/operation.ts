import { readAlarms } from '../purger/alarms.ts';
import type { Purger } from '../purger/connect.ts';
import { isPaused, readSwitches } from '../purger/switches.ts';
import { type Check, look, ok } from './check.ts';

/** @returns whether requests go out */
export async function checkSwitches(purger: Purger): Promise<readonly Check[]> {
  return look('pause', 'deploy again', async () => {
    const switches = await readSwitches(purger);
    const found = `submit is ${switches.submit}, tick is ${switches.tick}`;
    if (!isPaused(switches)) return [ok('pause', found)];
    return [{ name: 'pause', result: 'warning', found, fix: 'cdn-purger resume, once it is to go on' }];
  });
}

/** @returns whether alarms tell somebody; the local stack has none */
export async function checkAlarms(purger: Purger): Promise<readonly Check[]> {
  return look('alarms', 'may you use cloudwatch:DescribeAlarms?', async () => {
    const alarms = await readAlarms(purger);
    if (alarms === undefined) return [];
    const silent = alarms.filter(({ notifiesSomebody }) => !notifiesSomebody);
    const found = `${alarms.length - silent.length} of ${alarms.length} notify somebody`;
    if (alarms.length > 0 && silent.length === 0) return [ok('alarms', found)];
    const fix =
      alarms.length === 0 ? 'leave out `alarms.enabled: false`' : 'set `alarms.email`, or give topics';
    return [{ name: 'alarms', result: 'warning', found, fix }];
  });
}
