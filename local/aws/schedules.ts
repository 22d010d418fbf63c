import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { createSwitch, type Switches } from './control/switch.ts';
import type { Stop } from './emulators/server.ts';
import { type Functions, functionOf } from './lambda/functions.ts';
import { deliver, type EventTargets } from './s3-events/targets.ts';
import { TemplateError } from './template/errors.ts';
import { localAccountId, type Resource } from './template/identifiers.ts';
import type { StackTemplate } from './template/template.ts';

const scheduleSchema = z.object({
  ScheduleExpression: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(z.strictObject({ Id: z.string(), Arn: z.string(), RetryPolicy: z.unknown().optional() })),
});

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** The parts of the stack that schedules need. */
export interface ScheduleSurroundings {
  readonly template: StackTemplate;
  readonly targets: EventTargets;
  readonly switches: Pick<Switches, 'rules'>;
  readonly functions: Functions;
  /**
   * How often every schedule runs, in milliseconds, whatever its expression says. A function that still works on the last
   * event is left alone: at its own rate it would have ended.
   */
  readonly everyMs: number | undefined;
  readonly warn: (sentence: string) => void;
  readonly stops: Stop[];
}

/**
 * Starts the event rules of the template that are on a schedule; those that are disabled do nothing until they are enabled.
 * @throws {TemplateError} for an expression other than a rate.
 */
export function startSchedules(surroundings: ScheduleSurroundings): void {
  const { template, targets, functions, switches, everyMs, warn, stops } = surroundings;
  const isLeftAlone = (arn: string) => everyMs !== undefined && functionOf(functions, arn)?.isBusy() === true;
  for (const resource of template.resources('AWS::Events::Rule')) {
    if (resource.properties.ScheduleExpression === undefined) continue;
    const { ScheduleExpression, State, Targets } = template.properties(resource, scheduleSchema);
    const rateMs = rateMsOf(ScheduleExpression, resource);
    const isEnabled = createSwitch(State === 'ENABLED');
    switches.rules.set(template.ref(resource), isEnabled);
    const ruleArn = template.attribute(resource, 'Arn');
    const run = async () => {
      if (!isEnabled.isOn()) return;
      const event = scheduledEvent(ruleArn, template.region);
      for (const { Arn } of Targets) {
        if (isLeftAlone(Arn)) continue;
        const problem = await deliver(Arn, event, targets);
        if (problem !== undefined)
          warn(`The schedule ${resource.logicalId} could not invoke ${Arn}: ${problem}`);
      }
    };
    const timer = setInterval(() => void run(), everyMs ?? rateMs);
    stops.push(() => clearInterval(timer));
  }
}

function rateMsOf(expression: string, { logicalId }: Resource): number {
  const [, value, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (value === undefined || unit === undefined) {
    throw new TemplateError(
      `${logicalId}: expected a schedule such as rate(1 minute), got ${expression}, which is not supported locally.`,
    );
  }
  return Number(value) * unitMs[unit as keyof typeof unitMs];
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function scheduledEvent(ruleArn: string, region: string): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: localAccountId,
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [ruleArn],
    detail: {},
  };
}
