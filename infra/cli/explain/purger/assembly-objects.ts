import type { ObjectFilter } from '../../../../functions/core/model/objects/object-filter.ts';
import { isRecord, recordOf } from '../../../../functions/core/model/record.ts';
import type { PurgerDescription } from '../../../operation/description.ts';
import { idOf, type Resource } from './assembly-template.ts';
import { allObjects } from './watched-objects.ts';

/**
 * @param resources of the purger's template
 * @returns the objects whose events EventBridge brings; all where others come in another way, which the template does not
 *   say as plainly
 */
export function objectsInAssembly(
  resources: readonly Resource[],
  { queues: { inbox, watched = [] } }: PurgerDescription,
): readonly ObjectFilter[] {
  if (inbox === undefined) return watched.length > 0 ? allObjects : [];
  if (watched.length > 0 || hasOtherSenders(resources, inbox)) return allObjects;
  return resources
    .filter(({ type, properties }) => type === 'AWS::Events::Rule' && hasTarget(properties.Targets, inbox))
    .flatMap(({ properties }) => filtersOf(properties.EventPattern));
}

/** Whether buckets or topics send to the queue themselves: its policy allows them to. */
function hasOtherSenders(resources: readonly Resource[], queue: string): boolean {
  return resources.some(({ type, properties: { Queues: queues, PolicyDocument: policy } }) => {
    const isOfQueue = Array.isArray(queues) && queues.some((each) => idOf(each) === queue);
    return (
      type === 'AWS::SQS::QueuePolicy' &&
      isOfQueue &&
      /"(?:s3|sns)\.amazonaws\.com"/.test(JSON.stringify(policy))
    );
  });
}

function hasTarget(targets: unknown, inbox: string): boolean {
  return Array.isArray(targets) && targets.some((target) => isRecord(target) && idOf(target.Arn) === inbox);
}

/** The bucket that a stack makes itself has no name yet. */
function filtersOf(pattern: unknown): readonly ObjectFilter[] {
  const { bucket, object } = recordOf(recordOf(pattern)?.detail) ?? {};
  const names = listIn(recordOf(bucket)?.name) ?? [];
  const keys = listIn(recordOf(object)?.key) ?? [{}];
  return (names.length > 0 ? names : [undefined]).flatMap((name) =>
    keys.map((key) => ({ ...(typeof name === 'string' && { bucket: name }), ...keysOf(key) })),
  );
}

function listIn(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Keys that are one whole string are short ones, in which prefix and suffix overlap: both begin and end like it. */
function keysOf(match: unknown): Pick<ObjectFilter, 'prefix' | 'suffix'> {
  if (typeof match === 'string') return { prefix: match, suffix: match };
  const { prefix, suffix, wildcard } = recordOf(match) ?? {};
  if (typeof wildcard !== 'string') {
    return { ...(typeof prefix === 'string' && { prefix }), ...(typeof suffix === 'string' && { suffix }) };
  }
  const [start = '', end = ''] = wildcard.split(/(?<!\\)\*/).map((part) => part.replace(/\\(.)/g, '$1'));
  return { prefix: start, suffix: end };
}
