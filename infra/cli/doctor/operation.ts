import { describeStopped, isConnectionRefused } from '../aws-error.ts';
import { pasteable } from '../next.ts';
import { readAlarms } from '../purger/alarms.ts';
import type { Purger } from '../purger/connect.ts';
import { readPause } from '../purger/pause.ts';
import { describeSwitches, isPaused, readSwitches } from '../purger/switches.ts';
import { describePause } from '../queries/pause.ts';
import { type Check, failed, look, ok } from './check.ts';

/** @returns that a local stack was stopped, where it was: nothing else can be looked at then */
export async function checkIsRunning(purger: Purger, readyFile: string): Promise<readonly Check[]> {
  try {
    await readSwitches(purger);
    return [];
  } catch (error) {
    if (!isConnectionRefused(error)) return [];
    const { found, fix } = describeStopped(readyFile);
    return [failed('local stack', found, fix)];
  }
}

/** @returns whether requests go out */
export async function checkSwitches(purger: Purger): Promise<readonly Check[]> {
  return look('pause', 'deploy again', async () => {
    const switches = await readSwitches(purger);
    const found = describeSwitches(switches);
    if (!isPaused(switches)) return [ok('pause', found)];
    const pause = describePause((await readPause(purger, switches)) ?? {});
    return [
      {
        name: 'pause',
        result: 'warning',
        found: `${found}, paused ${pause}`,
        fix: `${pasteable('resume')}  # once it is to go on`,
      },
    ];
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
