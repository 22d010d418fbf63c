import * as z from 'zod';
import { TemplateError } from '../template/errors.ts';
import type { Resource } from '../template/identifiers.ts';
import { fieldOf } from '../template/intrinsics.ts';
import type { StackTemplate } from '../template/template.ts';
import { compileEventPattern, type EventMatcher } from './event-pattern.ts';
import { deliver, type EventTargets } from './targets.ts';

const ruleSchema = z.object({
  EventPattern: z.record(z.string(), z.unknown()),
  EventBusName: z.string().default('default'),
  State: z.literal('ENABLED').default('ENABLED'),
  Targets: z.array(
    z.strictObject({
      Id: z.string(),
      Arn: z.string(),
      DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
      RetryPolicy: z.unknown().optional(),
    }),
  ),
});

/** A target of a rule, which gets the whole event. */
interface RuleTarget {
  readonly arn: string;
  readonly deadLetterArn: string | undefined;
}

/** An event rule. */
export interface EventRule {
  readonly logicalId: string;
  readonly arn: string;
  /** Whether it is on a bus of the stack, to which other accounts send, and not on the default bus. */
  readonly isOnOwnBus: boolean;
  readonly matches: EventMatcher;
  /** The buckets in the pattern. */
  readonly bucketNames: readonly string[];
  /** The account in the pattern. */
  readonly account: string | undefined;
  readonly targets: readonly RuleTarget[];
}

/**
 * Reads the template's event rules, except those on a schedule. `RetryPolicy` is ignored: it is about deliveries that fail for a while, which the
 * local stack does not have; how often a function is retried is in its own asynchronous settings.
 * @throws {TemplateError} for a rule that is not supported.
 */
export function readRules(template: StackTemplate): EventRule[] {
  const ownBuses = template.resources('AWS::Events::EventBus').map(template.physicalName);
  return template
    .resources('AWS::Events::Rule')
    .filter(({ properties }) => properties.ScheduleExpression === undefined)
    .map((resource) => readRule(template, resource, ownBuses));
}

function readRule(template: StackTemplate, resource: Resource, ownBuses: readonly string[]): EventRule {
  const { EventPattern, EventBusName, Targets } = template.properties(resource, ruleSchema);
  const { logicalId } = resource;
  const isOnOwnBus = ownBuses.includes(EventBusName);
  if (!isOnOwnBus && EventBusName !== 'default') {
    throw new TemplateError(
      `${logicalId}: expected the default bus or one of the stack, got ${EventBusName}.`,
    );
  }
  return {
    logicalId,
    arn: template.attribute(resource, 'Arn'),
    isOnOwnBus,
    matches: compileEventPattern(EventPattern, `${logicalId}.EventPattern`),
    bucketNames: stringsOf(fieldOf(fieldOf(EventPattern.detail, 'bucket'), 'name')),
    account: stringsOf(EventPattern.account)[0],
    targets: Targets.map(({ Arn, DeadLetterConfig }) => ({ arn: Arn, deadLetterArn: DeadLetterConfig?.Arn })),
  };
}

function stringsOf(expected: unknown): string[] {
  return [expected].flat().filter((value) => typeof value === 'string');
}

/**
 * Sends an event to the targets of every rule that it matches. Where one cannot accept it, the event goes to the target's
 * dead letter queue, as EventBridge does:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
export async function dispatchEvent(
  event: unknown,
  rules: readonly EventRule[],
  targets: EventTargets,
  warn: (sentence: string) => void,
): Promise<void> {
  const deliveries = rules
    .filter((rule) => rule.matches(event))
    .flatMap((rule) => rule.targets.map((target) => ({ rule, target })));
  for (const { rule, target } of deliveries) {
    const problem = await deliver(target.arn, event, targets);
    if (problem === undefined) continue;
    warn(`The rule ${rule.logicalId} could not deliver an event to ${target.arn}: ${problem}`);
    if (target.deadLetterArn === undefined) continue;
    const attributes = {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.arn,
      ERROR_CODE: 'DELIVERY_FAILED',
      ERROR_MESSAGE: problem,
    };
    await targets.sendToQueue(target.deadLetterArn, JSON.stringify(event), attributes);
  }
}
