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
