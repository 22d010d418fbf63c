import { isRecord, recordOf } from '../core/model/record.ts';

/** The hosts that are deployed in a target, as far as one answer lists them. */
export interface DeployedHosts {
  readonly hosts: readonly string[];
  /** Whether there are more. */
  readonly isPart: boolean;
}

/** @returns what the body of `GET /cdn/hostnames` says; undefined where it is not understood */
export function readHostnames(body: string): DeployedHosts | undefined {
  let json: Record<string, unknown> | undefined;
  try {
    json = recordOf(JSON.parse(body));
  } catch {
    return undefined;
  }
  const { count, hostnames } = json ?? {};
  if (!Array.isArray(hostnames)) return undefined;
  const hosts = hostnames.flatMap((each) =>
    isRecord(each) && typeof each.hostname === 'string' ? [each.hostname.toLowerCase()] : [],
  );
  return { hosts, isPart: typeof count === 'number' && count > hosts.length };
}
