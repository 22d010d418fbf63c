import type { AlarmName } from '../settings/alarm-settings.ts';

/** The command of `cdn-purger` that says most about what each alarm is about. */
const commands: Readonly<Record<AlarmName, string>> = {
  freshness: 'status',
  'dead-letters': 'dead',
  'submit-errors': 'status',
  'receiver-errors': 'doctor',
  'credentials-refused': 'doctor',
  throttled: 'quota',
  'budget-used': 'quota',
  'entries-rejected': 'dead',
  'refused-alike': 'status',
  'tick-errors': 'status',
  'people-waiting': 'waiting',
  'tokens-used': 'quota',
  'bulk-waiting': 'waiting',
  'tokens-miscounted': 'quota',
  'purges-failed': 'dead',
  'purges-late': 'status',
  'urls-refused': 'dead',
  'changes-unmatched': 'explain',
  'events-not-understood': 'dead',
  'webhook-unverified': 'doctor',
  'webhooks-throttled': 'doctor',
};

/** @returns the command to run first when an alarm goes off, as it is typed */
export function commandFor(name: AlarmName, stackName: string): string {
  const command = commands[name];
  return command === 'explain' ? 'cdn-purger explain' : `cdn-purger ${command} --stack ${stackName}`;
}

/**
 * @param name without the purger's own
 * @returns whether an alarm of a purger is called so, by its kind and perhaps what it is of
 */
export function isAlarmName(name: string): boolean {
  return Object.keys(commands).some((kind) => name === kind || name.startsWith(`${kind}-`));
}
