import { describePurgedUrl } from '../../explain/reverse/print-purging-changes.ts';
import type { PurgedUrl } from '../../explain/reverse/purged-url.ts';
import { type NextCommand, nextCommands, shellArgument } from '../../next.ts';
import { describeLines } from '../../queries/logs/describe-lines.ts';
import { describeObjects, objectSteps } from '../../queries/objects/describe-objects.ts';
import { describeEdges, edgeSteps } from '../../queries/why/describe-edges.ts';
import type { Further } from './look-further.ts';

/**
 * @param before what to do by what the journal has
 * @returns in words what else is known of a page, and what to do
 */
export function describeFurther(
  url: string,
  { purgedBy, rulesFrom, leftOut, withoutQuery, objects, now, logs, problems }: Further,
  before: readonly NextCommand[] = [],
): string {
  const steps = [
    ...(now ? edgeSteps(url, now) : []),
    ...(purgedBy?.length === 0 && withoutQuery === undefined ? ruleSteps(leftOut) : []),
    ...before,
    ...(objects ? objectSteps(objects) : []),
  ];
  const parts = [
    purgedBy &&
      `What purges it, by the rules of ${rulesFrom}:\n${describePurgedUrl({
        url,
        changes: purgedBy,
        ...(leftOut && { leftOut }),
        ...(withoutQuery !== undefined && { withoutQuery }),
      })}`,
    objects && describeObjects(objects),
    now && describeEdges(now),
    logs && describeLines(logs),
    problems && ['Not looked at:', ...problems.map((each) => `  ${each}`)].join('\n'),
    steps.length > 0 ? nextCommands(...distinct(steps)).join('\n') : undefined,
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** What the rules make of an object says more than that no change purges the page. */
function ruleSteps([first]: PurgedUrl['leftOut'] = []): readonly NextCommand[] {
  const object = /^s3:\/\/[^{}]+$/.test(first?.change ?? '') ? first?.change : undefined;
  return [
    object === undefined
      ? ['explain s3://BUCKET/KEY', 'why no rule makes it of the object that it comes from']
      : [`explain ${shellArgument(object)}`, 'what leaves it out, in full'],
  ];
}

/** A purge that waits for its end is rather done than one that does not. */
function distinct(steps: readonly NextCommand[]): readonly NextCommand[] {
  const keyOf = (command: string) => command.replace(/ --wait$/, '');
  const first = new Map<string, NextCommand>();
  for (const step of steps) if (!first.has(keyOf(step[0]))) first.set(keyOf(step[0]), step);
  return [...first.values()];
}
