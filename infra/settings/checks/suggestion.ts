import leven from 'leven';

/** Most letters that a misspelled name may differ by from the one that was meant. */
const maxDistance = 2;

/** @returns what to say after an unknown name: the name that was probably meant, otherwise all that are known */
export function suggestion(key: string, names: readonly string[]): string {
  const [nearest] = names
    .map((name) => ({ name, distance: leven(key.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  if (nearest !== undefined && nearest.distance <= maxDistance) return ` (did you mean \`${nearest.name}\`?)`;
  return ` (expected one of ${names.map((name) => `\`${name}\``).join(', ')})`;
}
