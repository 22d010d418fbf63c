import { listOf } from '../../../../functions/core/mapping/rule.ts';
import type { Encoding } from '../../../../functions/core/mapping/urls/encodings.ts';
import { pathEncoders } from '../../../../functions/core/mapping/urls/encodings.ts';
import { unmarkStars } from '../../../../functions/core/mapping/urls/literal-star.ts';
import type { Pages } from '../../../../functions/core/mapping/urls/pages.ts';
import type { Target } from './solve.ts';

/** @returns the URLs of files that may be shown at a page, and what those of files below it begin with */
export function filesOfPage(url: string, pages: Pages = {}, encoding: Encoding): readonly Target[] {
  const mark = url.indexOf('?');
  const base = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? '' : url.slice(mark);
  const bare = base.endsWith('/') ? base.slice(0, -1) : base;
  const { index, cleanUrls = false, trailingSlash, parents = 0 } = pages;
  const write = (name: string) => unmarkStars(pathEncoders[encoding](name, false));
  const endings = cleanUrls === true ? ['.html'] : cleanUrls === false ? [] : listOf(cleanUrls);
  const files = [
    base,
    ...listOf(index).map((name) => `${bare}/${write(name)}`),
    ...endings.map((ending) => `${bare}${write(ending)}`),
    ...(trailingSlash === undefined ? [] : [bare, `${bare}/`]),
  ];
  return [
    ...[...new Set(files)].map((file) => ({ text: file + query, isOpen: false })),
    ...(parents > 0 && query === '' ? [{ text: `${bare}/`, isOpen: true }] : []),
  ];
}
