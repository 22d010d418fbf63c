import { printable } from '../../printable.ts';
import type { ObjectNow } from './object-now.ts';

/** @returns in words whether the newest changes of objects have arrived */
export function describeObjects(objects: readonly ObjectNow[]): string {
  return [
    'Objects that it comes from:',
    ...objects.flatMap(rows),
    ...(objects.every(({ isKnown }) => isKnown !== false) ? [] : ['', next]),
  ].join('\n');
}

const next =
  'Next: cdn-purger doctor says whether the bucket sends its events; --logs 3h, what its receiver has made of them.';

function rows({ id, etag, lastModified, recorded, meaning }: ObjectNow): readonly string[] {
  const found = lastModified === undefined ? '' : `: changed ${lastModified}, ETag ${etag}`;
  return [
    `  ${printable(id + found)}`,
    `    ${printable(meaning)}`,
    ...(recorded === undefined
      ? []
      : [`    recorded as purged last: ETag ${printable(recorded.etag)}, at ${recorded.at}`]),
  ];
}
