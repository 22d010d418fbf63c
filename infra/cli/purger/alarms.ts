import { isAlarmName } from '../../monitoring/alarm-commands.ts';
import type { Purger } from './connect.ts';

/** An alarm of the purger. */
export interface Alarm {
  readonly name: string;
  readonly isOn: boolean;
  /** When its state began; ISO 8601. */
  readonly since: string | undefined;
  /** The severity, what it means, and what to do. */
  readonly description: string;
  readonly notifiesSomebody: boolean;
}

/** @returns the alarms; undefined on the local stack, which has none */
export async function readAlarms({ clients, name }: Purger): Promise<readonly Alarm[] | undefined> {
  if (clients.cloudWatch === undefined) return undefined;
  const { paginateDescribeAlarms } = await import('@aws-sdk/client-cloudwatch');
  const prefix = `${name}-`;
  const pages = paginateDescribeAlarms(
    { client: await clients.cloudWatch() },
    { AlarmNamePrefix: prefix, AlarmTypes: ['MetricAlarm'] },
  );
  const alarms: Alarm[] = [];
  for await (const { MetricAlarms = [] } of pages) {
    for (const { AlarmName = '', StateValue, StateUpdatedTimestamp, ...more } of MetricAlarms) {
      // The name of another purger of the stack may begin with this one's.
      if (!isAlarmName(AlarmName.slice(prefix.length))) continue;
      alarms.push({
        name: AlarmName,
        isOn: StateValue === 'ALARM',
        since: StateUpdatedTimestamp?.toISOString(),
        description: more.AlarmDescription ?? '',
        notifiesSomebody: more.ActionsEnabled === true && (more.AlarmActions ?? []).length > 0,
      });
    }
  }
  return alarms;
}
