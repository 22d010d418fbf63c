/** The base of every error this project throws on purpose: `name` is a literal of the subclass. */
export abstract class PurgerError extends Error {
  abstract override readonly name: string;
}

/**
 * Describes a value in an error message: short, on one line, and telling its type apart.
 * @returns e.g. `"abc"`, `1.2`, `nothing`, `a list of 3`, `an object with "a", "b"`
 */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value).slice(0, 5);
    return keys.length === 0
      ? 'an empty object'
      : `an object with ${keys.map((key) => `"${key}"`).join(', ')}`;
  }
  return String(value);
}

/** @returns what to say after a name that is unknown: the name that was meant, else all that there are */
export function suggestion(key: string, names: readonly string[]): string {
  const [nearest] = names
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  if (nearest !== undefined && nearest.distance <= 2) return ` (did you mean \`${nearest.name}\`?)`;
  return ` (expected one of ${names.map((name) => `\`${name}\``).join(', ')})`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
