/** The bytes that the parameter has left for lists. */
export class Room {
  #left: number;
  readonly #bytesOf: (value: unknown) => number;

  constructor(left: number, bytesOf: (value: unknown) => number) {
    // The names of the lists, and what they leave out.
    this.#left = left - 80;
    this.#bytesOf = bytesOf;
  }

  /** @returns as many of the items as there is room for, of so many characters at most */
  fit<Item>(items: readonly Item[], maxLength: number): readonly Item[] {
    let length = 0;
    return items.filter((item) => {
      const bytes = this.#bytesOf(item) + 1;
      length += JSON.stringify(item).length + 1;
      if (length > maxLength || bytes > this.#left) return false;
      this.#left -= bytes;
      return true;
    });
  }

  /** @returns whether there is room for the list as a whole, which it then takes */
  fitsWhole(items: readonly unknown[]): boolean {
    const bytes = this.#bytesOf(items);
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}
