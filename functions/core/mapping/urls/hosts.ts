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

/** @returns a host of a rule as the beginning of a URL: https, unless it says otherwise */
export function originOf(host: string): string {
  const origin = /^[A-Za-z]+:\/\//.test(host) ? host : `https://${host}`;
  return origin.endsWith('/') ? origin.slice(0, -1) : origin;
}
