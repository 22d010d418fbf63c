import { describeValue } from '../../model/errors.ts';

/** A template of a rule as a whole URL. */
export interface WholeTemplate {
  /** As the rule writes it. */
  readonly written: string;
  /** Its index in the rule's list. */
  readonly index: number;
  readonly whole: string;
}

/** @returns the templates of one list, each with every host where it begins with a slash */
export function withHosts(
  templates: readonly string[] | undefined,
  hosts: readonly string[],
): readonly WholeTemplate[] {
  return (templates ?? []).flatMap((written, index) =>
    written.startsWith('/')
      ? hosts.map((host) => ({ written, index, whole: `${originOf(host)}${written}` }))
      : [{ written, index, whole: written }],
  );
}

/**
 * @param allowed host names, and `*.example.com` for all below one
 * @returns why a URL may not be purged whose host a value decides; undefined where its host is among the allowed ones
 */
export function hostProblem(url: string, allowed: readonly string[]): string | undefined {
  const host = /^[A-Za-z]+:\/\/(\[[^/?#\]]*\]|[^/?#:]*)/.exec(url)?.[1]?.toLowerCase() ?? '';
  const isAllowed = allowed.some((each) =>
    each.startsWith('*.') ? host.endsWith(each.slice(1)) && host.length >= each.length : host === each,
  );
  return isAllowed ? undefined : `the host ${describeValue(host)} is not among the allowedHosts`;
}

/** @returns a host of a rule as the beginning of a URL: https, unless it says otherwise */
export function originOf(host: string): string {
  const origin = /^[A-Za-z]+:\/\//.test(host) ? host : `https://${host}`;
  return origin.endsWith('/') ? origin.slice(0, -1) : origin;
}
