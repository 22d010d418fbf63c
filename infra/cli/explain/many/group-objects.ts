import { groupBy } from '../../../../functions/core/model/group-by.ts';

/** Objects of one folder, or of all folders below one, with the same extension. */
export interface ObjectGroup {
  /** As a glob, such as `s3://www/site/*.map`, or with all folders below. */
  readonly name: string;
  readonly objects: readonly [string, ...string[]];
}

/** @returns groups of objects, as deep as there are not more than a number of groups; the largest first */
export function groupObjects(objects: readonly string[], most: number): readonly ObjectGroup[] {
  const deepest = objects.reduce((most, object) => Math.max(most, foldersOf(object).length), 0);
  let groups = groupAt(objects, deepest);
  for (let depth = deepest - 1; depth > 0 && groups.length > most; depth--) groups = groupAt(objects, depth);
  return groups.toSorted((a, b) => b.objects.length - a.objects.length);
}

function groupAt(objects: readonly string[], depth: number): readonly ObjectGroup[] {
  const groups = groupBy(objects, (object) => {
    const folders = foldersOf(object);
    const rest = folders.length > depth ? ['**'] : [];
    return ['s3:/', ...folders.slice(0, depth), ...rest, `*${extensionOf(object)}`].join('/');
  });
  return [...groups].map(([name, own]) => ({ name, objects: own }));
}

/** The bucket and the folders of an object. */
function foldersOf(object: string): readonly string[] {
  return object.slice('s3://'.length).split('/').slice(0, -1);
}

/** Of `a.js.map` it is `.map`, of `.htaccess` none. */
function extensionOf(object: string): string {
  return /[^/](\.[^./]+)$/.exec(object)?.[1] ?? '';
}
