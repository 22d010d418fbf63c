/** Whether an event source mapping or a schedule is on. */
export interface Switch {
  readonly isOn: () => boolean;
  readonly turn: (on: boolean) => void;
  /** Settles once it is on, or when the signal aborts. */
  readonly untilOn: (signal: AbortSignal) => Promise<void>;
}

/** @returns a switch in this position */
export function createSwitch(initial: boolean): Switch {
  let isOn = initial;
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    isOn: () => isOn,
    turn(on) {
      if (on && !isOn) resolve();
      if (!on && isOn) ({ promise, resolve } = Promise.withResolvers<void>());
      isOn = on;
    },
    async untilOn(signal) {
      if (isOn || signal.aborted) return;
      const aborted = new Promise<void>((settle) =>
        signal.addEventListener('abort', () => settle(), { once: true }),
      );
      await Promise.race([promise, aborted]);
    },
  };
}

/** The switches of a stack: of event source mappings by UUID, and of rules on a schedule by name. */
export interface Switches {
  readonly mappings: Map<string, Switch>;
  readonly rules: Map<string, Switch>;
}
