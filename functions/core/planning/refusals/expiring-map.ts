/** A map that forgets what is old, and the oldest where it would grow too large. */
export class ExpiringMap<Key, Value> {
  readonly #entries = new Map<Key, { readonly value: Value; readonly untilMs: number }>();
  readonly #lifeMs: number;
  readonly #mostEntries: number;

  constructor(lifeMs: number, mostEntries = 10_000) {
    this.#lifeMs = lifeMs;
    this.#mostEntries = mostEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key, nowMs: number): Value | undefined {
    const found = this.#entries.get(key);
    return found === undefined || found.untilMs <= nowMs ? undefined : found.value;
  }

  set(key: Key, value: Value, nowMs: number): void {
    // Written anew, it is the youngest.
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: nowMs + this.#lifeMs });
    for (const [oldest, { untilMs }] of this.#entries) {
      if (untilMs > nowMs && this.#entries.size <= this.#mostEntries) break;
      this.#entries.delete(oldest);
    }
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
