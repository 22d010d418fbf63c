import { printable } from '../printable.ts';

/** What is known of a pause. */
export interface Pause {
  /** Since when, in ISO 8601. */
  readonly since?: string;
  /** The ARN of who has paused; missing on the local stack, and where a deployment or somebody in AWS's console has. */
  readonly by?: string;
  /** Why, in their words. */
  readonly reason?: string;
}

/** @returns since when, by whom and why, to follow a word such as `paused` */
export function describePause({ since, by, reason }: Pause): string {
  return [
    ...(since === undefined ? [] : [`since ${since}`]),
    ...(by === undefined ? [] : [`by ${printable(by)}`]),
    reason === undefined ? 'for no noted reason' : `for "${printable(reason)}"`,
  ].join(', ');
}
