/** A webhook as its sender makes it, less its signature. */
export interface SampleEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** The events of one source. */
export interface SampleEvents {
  /**
   * Where a variable of the rules is in the body: paths of keys, of which that is meant which the event has, else the first.
   */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** By name; most sources have `publish` and `delete`. */
  readonly events: Readonly<Record<string, (now: string) => SampleEvent>>;
}

/** @returns fields that are at one place in every event */
export function at(paths: Readonly<Record<string, string>>): SampleEvents['fields'] {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, [path]]));
}
