import * as z from 'zod';
import { isRecord } from '../../../functions/core/model/record.ts';
import { fieldOf } from '../template/intrinsics.ts';
import type { StackTemplate } from '../template/template.ts';
import { compileEventPattern, type EventMatcher } from './event-pattern.ts';
import { deliver, type EventTargets } from './targets.ts';

const ruleSchema = z.object({
  EventPattern: z.unknown().optional(),
  EventBusName: z.string().default('default'),
  State: z.string().default('ENABLED'),
  ScheduleExpression: z.string().optional(),
  Targets: z
    .array(
      z.object({
        Id: z.string(),
        Arn: z.string(),
        Input: z.string().optional(),
        InputPath: z.string().optional(),
        InputTransformer: z.unknown().optional(),
        DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});

/** A target of a rule, with what it is sent of an event. */
interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  readonly deadLetterArn: string | undefined;
  readonly input: (event: unknown) => unknown;
}

/** An event rule that is switched on. */
export interface EventRule {
  readonly logicalId: string;
  readonly arn: string;
  /** Whether it listens on a bus of the stack, to which other accounts send; else on the default bus. */
  readonly isOnOwnBus: boolean;
  readonly matches: EventMatcher;
  /** The names of buckets that the pattern asks for. */
  readonly bucketNames: readonly string[];
  /** The account that the pattern asks for. */
  readonly account: string | undefined;
  readonly targets: readonly RuleTarget[];
}

/**
 * Reads the template's event rules. `RetryPolicy` needs no reading: it is about deliveries that fail for a while, which
 * the local stack has none of; how often a function is run again is in its own asynchronous settings.
 * @param warn called with one sentence for each rule or target that is left out.
 */
export function readRules(template: StackTemplate, warn: (sentence: string) => void): EventRule[] {
  const ownBuses = template.resources('AWS::Events::EventBus').map(template.physicalName);
  return template.resources('AWS::Events::Rule').flatMap((resource) => {
    const rule = template.properties(resource, ruleSchema);
    if (rule.State === 'DISABLED') return [];
    const isOnOwnBus = ownBuses.includes(rule.EventBusName.split('/').at(-1) ?? '');
    if (rule.EventPattern === undefined || !(isOnOwnBus || /(^|\/)default$/.test(rule.EventBusName))) {
      const supported =
        'only event patterns on the default bus and on buses of the stack are supported locally';
      warn(`The rule ${resource.logicalId} is left out: ${supported}.`);
      return [];
    }
    const targets = rule.Targets.flatMap((target): RuleTarget[] => {
      const { Id: id, Arn: arn, Input, InputPath, InputTransformer, DeadLetterConfig } = target;
      if (InputTransformer !== undefined) {
        warn(
          `The target ${id} of ${resource.logicalId} is left out: InputTransformer is not supported locally.`,
        );
        return [];
      }
      return [
        { id, arn, deadLetterArn: DeadLetterConfig?.Arn, input: (event) => inputOf(event, Input, InputPath) },
      ];
    });
    return [
      {
        logicalId: resource.logicalId,
        arn: template.attribute(resource, 'Arn'),
        isOnOwnBus,
        matches: compileEventPattern(rule.EventPattern, `${resource.logicalId}.EventPattern`),
        bucketNames: bucketNamesIn(rule.EventPattern),
        account: [fieldOf(rule.EventPattern, 'account')].flat().find((item) => typeof item === 'string'),
        targets,
      },
    ];
  });
}

function inputOf(event: unknown, input: string | undefined, inputPath: string | undefined): unknown {
  if (input !== undefined) return JSON.parse(input);
  const path = (inputPath ?? '$').split('.').slice(1);
  return path.reduce<unknown>((value, key) => fieldOf(value, key), event);
}

function bucketNamesIn(pattern: unknown): string[] {
  const alternatives = [fieldOf(pattern, '$or'), fieldOf(fieldOf(pattern, 'detail'), '$or')].flat();
  const names = [fieldOf(fieldOf(fieldOf(pattern, 'detail'), 'bucket'), 'name')].flat();
  const nested = alternatives
    .filter((item) => item !== undefined)
    .flatMap((item) => bucketNamesIn(withDetail(item)));
  return [...new Set([...names.filter((name) => typeof name === 'string'), ...nested])];
}

/** An alternative inside `detail` has no `detail` of its own. */
function withDetail(alternative: unknown): unknown {
  return isRecord(alternative) && !('detail' in alternative) ? { detail: alternative } : alternative;
}

/**
 * Sends an event to the targets of every rule that it matches. A target that cannot take it is EventBridge's failed
 * delivery: the event goes to the target's dead-letter queue.
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
    const problem = await deliver(target.arn, target.input(event), targets);
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
