import type { NextCommand } from '../../next.ts';
import { printable } from '../../printable.ts';
import type { ObjectNow } from './object-now.ts';

/** @returns in words whether the newest changes of objects have arrived */
export function describeObjects(objects: readonly ObjectNow[]): string {
  return ['Objects that it comes from:', ...objects.flatMap(rows)].join('\n');
}

/** @returns what to do where the newest change of an object is not known */
export function objectSteps(objects: readonly ObjectNow[]): readonly NextCommand[] {
  if (objects.some(({ rejected }) => rejected !== undefined)) {
    return [
      ['dead', 'why'],
      ['redrive', 'purges it, once the cause is fixed'],
    ];
  }
  const missing = objects.filter(({ isKnown }) => isKnown === false);
  const [first] = missing;
  if (first === undefined) return [];
  const { mayWait } = first;
  if (mayWait === 'paused') return [['resume', 'once it is to go on']];
  const purpose =
    'whether the bucket sends its events; why with --logs 3h: what its receiver has made of them';
  if (mayWait === 'queued') return [['status', 'what waits']];
  return [['doctor', purpose]];
}

function rows({ id, etag, lastModified, recorded, rejected, meaning }: ObjectNow): readonly string[] {
  const found = lastModified === undefined ? '' : `: changed ${lastModified}, ETag ${etag}`;
  return [
    `  ${printable(id + found)}`,
    `    ${printable(meaning)}`,
    ...(recorded === undefined
      ? []
      : [`    recorded as queued last: ETag ${printable(recorded.etag)}, at ${recorded.at}`]),
    ...(rejected === undefined
      ? []
      : [`    an event of it is the dead letter ${rejected.messageId}: ${printable(rejected.reason)}`]),
  ];
}
