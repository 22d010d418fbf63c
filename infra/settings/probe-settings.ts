import { BlockList, isIP } from 'node:net';
import * as z from 'zod';
import { listOf } from '../../functions/core/mapping/rule.ts';
import { describeValue } from '../../functions/core/model/errors.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import type { Target } from '../../functions/core/model/types.ts';
import type { Vantages } from '../../functions/core/proving/vantages.ts';
import { expected, nonEmptyString, strictObject } from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';

/** Options of probes, which look after a purge whether the edge serves the new version. */
export interface ProbeSettings {
  /**
   * Addresses of edges of `target` that are asked in addition, each for the public host: `203.0.113.7`,
   * `[2001:db8::7]` or `edge.example.net`, with a port where it is not that of the URL. Up to 10.
   * @default - where the function's own resolver leads; for `staging`, whose edges no public name leads to, none
   */
  readonly edges?: readonly string[];
}

/** Options of what is looked at after a purge. */
export interface ProvingSettings {
  /**
   * Whether the edge is asked, after a purge of files that a rule maps from S3 objects, if it serves the new version; or
   * how it is asked.
   * @default true
   */
  readonly probe?: boolean | ProbeSettings;
}

/** The same with every default filled in; undefined where nothing is probed. */
export interface CompleteProving {
  readonly probe: { readonly edges: readonly string[] } | undefined;
}

/** Each edge is asked for each URL, one a second of a host. */
const maxEdges = 10;

const address = 'an address such as "203.0.113.7", "[2001:db8::7]" or "edge.example.net:8443"';
const edge = nonEmptyString(address).refine(isAddress, expected(address));
const edges = expected(`a list of 1 to ${maxEdges} addresses of edges`);

/** The fields of {@link ProvingSettings}, for schemas that have more. */
export const provingFields = {
  probe: z
    .union(
      [
        z.boolean(expected('true, false or {edges}')),
        strictObject({ edges: z.array(edge, edges).min(1, edges).max(maxEdges, edges).optional() }),
      ],
      expected('true, false or {edges}'),
    )
    .optional(),
};

/** @returns an issue for each edge that would be the function itself, or what runs next to it */
export function validateProving(settings: unknown): readonly ValidationIssue[] {
  return listOf(recordOf(recordOf(settings)?.probe)?.edges).flatMap((value, index) => {
    if (typeof value !== 'string' || !isOfTheMachine(hostOf(value))) return [];
    const message = `expected the address of an edge, got ${describeValue(value)}, which is the function's own machine`;
    return [{ path: ['probe', 'edges', index], message }];
  });
}

/** @returns probing with every default filled in */
export function completeProving({ probe = true }: ProvingSettings): CompleteProving {
  if (probe === false) return { probe: undefined };
  return { probe: { edges: probe === true ? [] : (probe.edges ?? []) } };
}

/**
 * @param edges of the target
 * @returns from where purges of each target are probed
 */
export function vantagesOf(target: Target, edges: readonly string[]): Vantages {
  const edgesOf = (each: Target) => (each === target ? edges : []);
  return { production: ['dns', ...edgesOf('production')], staging: edgesOf('staging') };
}

function hostOf(value: string): string {
  return value.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function isAddress(value: string): boolean {
  const [, port] = /:(\d+)$/.exec(value) ?? [];
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535)) return false;
  const host = hostOf(value);
  if (/^\[.*\](?::\d+)?$/.test(value)) return isIP(host) === 6;
  // A name ends with letters: what ends with digits is an IPv4 address or nothing.
  const isName = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?$/i;
  return isIP(host) === 4 || isName.test(host);
}

const ofTheMachine = new BlockList();
ofTheMachine.addSubnet('127.0.0.0', 8, 'ipv4');
ofTheMachine.addSubnet('169.254.0.0', 16, 'ipv4');
ofTheMachine.addSubnet('0.0.0.0', 8, 'ipv4');
ofTheMachine.addAddress('::', 'ipv6');
ofTheMachine.addAddress('::1', 'ipv6');
ofTheMachine.addSubnet('fe80::', 10, 'ipv6');

function isOfTheMachine(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return /(?:^|\.)localhost$/i.test(host);
  return ofTheMachine.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
