import type { LimitsState } from '../../core/limits/limits.ts';

/** A change of the limits that is written once, with whatever is written first. */
export interface LimitsNote {
  /** @returns the state itself once the change was written */
  readonly change: (state: LimitsState) => LimitsState;
  /** Says that the change was written. */
  readonly written: () => void;
  readonly isWritten: () => boolean;
}

/** @returns a note of a change */
export function noteOnce(change: (state: LimitsState) => LimitsState): LimitsNote {
  let isWritten = false;
  return {
    change: (state) => (isWritten ? state : change(state)),
    written: () => {
      isWritten = true;
    },
    isWritten: () => isWritten,
  };
}
