/** @returns the items in groups, so that no URL is in two of them */
export function groupsSharingUrls<Item extends { readonly urls: readonly string[] }>(
  items: readonly Item[],
): Item[][] {
  let groups: Item[][] = [];
  for (const item of items) {
    const isShared = (group: readonly Item[]) =>
      group.some(({ urls }) => urls.some((url) => item.urls.includes(url)));
    const joined = groups.filter(isShared).flat();
    groups = [...groups.filter((group) => !isShared(group)), [...joined, item]];
  }
  return groups;
}
