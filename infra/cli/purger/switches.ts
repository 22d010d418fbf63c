import type { Purger } from './connect.ts';

/** What a pause switches off: each is on, off, or on its way to one of these. */
export interface Switches {
  /** Lambda's word for the event source mapping of `submit`: `Enabled`, `Disabled`, `Disabling`, … */
  readonly submit: string;
  /** EventBridge's word for the schedule of `tick`: `ENABLED` or `DISABLED`. */
  readonly tick: string;
  /** When `submit` was last switched, in ISO 8601; missing on the local stack. */
  readonly changedAt?: string;
}

/** @returns whether requests and releases go out */
export async function readSwitches({ clients, switches }: Purger): Promise<Switches> {
  const { GetEventSourceMappingCommand } = await import('@aws-sdk/client-lambda');
  const { DescribeRuleCommand } = await import('@aws-sdk/client-eventbridge');
  const [lambda, eventBridge] = await Promise.all([clients.lambda(), clients.eventBridge()]);
  const [mapping, rule] = await Promise.all([
    lambda.send(new GetEventSourceMappingCommand({ UUID: switches.submit })),
    eventBridge.send(new DescribeRuleCommand({ Name: switches.tick })),
  ]);
  return {
    submit: mapping.State ?? 'unknown',
    tick: rule.State ?? 'unknown',
    ...(mapping.LastModified !== undefined && { changedAt: mapping.LastModified.toISOString() }),
  };
}

/**
 * Switches both, `tick` first off and last on: what it releases while `submit` is off would only wait in the queue.
 * @returns the states as they are then; Lambda takes up to a minute
 */
export async function turnSwitches(purger: Purger, on: boolean): Promise<Switches> {
  const { clients, switches } = purger;
  const { UpdateEventSourceMappingCommand } = await import('@aws-sdk/client-lambda');
  const { DisableRuleCommand, EnableRuleCommand } = await import('@aws-sdk/client-eventbridge');
  const [lambda, eventBridge] = await Promise.all([clients.lambda(), clients.eventBridge()]);
  const turnSubmit = () =>
    lambda.send(new UpdateEventSourceMappingCommand({ UUID: switches.submit, Enabled: on }));
  if (on) {
    await turnSubmit();
    await eventBridge.send(new EnableRuleCommand({ Name: switches.tick }));
  } else {
    await eventBridge.send(new DisableRuleCommand({ Name: switches.tick }));
    await turnSubmit();
  }
  return readSwitches(purger);
}

/** @returns both in words: the two services spell the same state differently */
export function describeSwitches({ submit, tick }: Switches): string {
  return `submit is ${submit.toLowerCase()}, tick is ${tick.toLowerCase()}`;
}

/** @returns whether purge requests are held, or will be in a moment */
export function isPaused({ submit, tick }: Switches): boolean {
  return submit.startsWith('Disabl') || tick === 'DISABLED';
}
