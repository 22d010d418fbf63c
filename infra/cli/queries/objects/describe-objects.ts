import { nextCommands } from '../../next.ts';
import { printable } from '../../printable.ts';
import type { ObjectNow } from './object-now.ts';

/** @returns in words whether the newest changes of objects have arrived */
export function describeObjects(objects: readonly ObjectNow[]): string {
  return ['Objects that it comes from:', ...objects.flatMap(rows), ...nextSteps(objects)].join('\n');
}

function nextSteps(objects: readonly ObjectNow[]): readonly string[] {
  if (objects.some(({ rejected }) => rejected !== undefined)) {
    return ['', ...nextCommands(['dead', 'why'], ['redrive', 'purges it, once the cause is fixed'])];
  }
  if (objects.every(({ isKnown }) => isKnown !== false)) return [];
  const purpose =
    'whether the bucket sends its events; why with --logs 3h: what its receiver has made of them';
  return ['', ...nextCommands(['doctor', purpose])];
}

function rows({ id, etag, lastModified, recorded, rejected, meaning }: ObjectNow): readonly string[] {
  const found = lastModified === undefined ? '' : `: changed ${lastModified}, ETag ${etag}`;
  return [
    `  ${printable(id + found)}`,
    `    ${printable(meaning)}`,
    ...(recorded === undefined
      ? []
      : [`    recorded as purged last: ETag ${printable(recorded.etag)}, at ${recorded.at}`]),
    ...(rejected === undefined
      ? []
      : [`    an event of it is the dead letter ${rejected.messageId}: ${printable(rejected.reason)}`]),
  ];
}
