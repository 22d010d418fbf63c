import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { hostProblem } from '../core/mapping/urls/hosts.ts';
import { describeError } from '../lambda/log.ts';
import { isPublic } from './public-address.ts';

/** The server to ask for a URL, at its address: its name is not looked up a second time, which may lead elsewhere. */
export interface Server {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** Where to ask; or why nobody may be asked, or can be. */
export type FoundServer = Server | { readonly reason: string };

/** Options of {@link findServer}. */
export interface FindOptions {
  /** The hosts that may be asked, in the form of `allowedHosts`. */
  readonly hosts: readonly string[];
  readonly lookup: (host: string) => Promise<readonly LookupAddress[]>;
}

/** @returns the server that a vantage point has for a URL */
export async function findServer(
  url: URL,
  vantage: string,
  { hosts, lookup }: FindOptions,
): Promise<FoundServer> {
  const { protocol, hostname } = url;
  if (url.username !== '' || url.password !== '') return { reason: 'the URL has a user' };
  const reason = hostProblem(`${protocol}//${hostname}/`, hosts);
  if (reason !== undefined) return { reason: reason.replace('the allowedHosts', "the rules' hosts") };
  const isOwn = vantage === 'dns';
  // A user has configured edges: these may be anywhere.
  const to = isOwn ? url : edgeUrl(vantage, protocol);
  const port = Number(to.port || url.port) || (to.protocol === 'http:' ? 80 : 443);
  try {
    const found = await addressesOf(to.hostname.replace(/^\[(.*)\]$/, '$1'), lookup);
    const address = found.find((each) => !isOwn || isPublic(each));
    if (address !== undefined) return { protocol: to.protocol, address, port };
    return { reason: `${hostname} has no public address` };
  } catch (error) {
    return { reason: `${to.hostname} was not found: ${describeError(error).message}` };
  }
}

/** An address has the scheme and the port of the URL, where it does not say otherwise. */
function edgeUrl(vantage: string, protocol: string): URL {
  return new URL(/^https?:\/\//.test(vantage) ? vantage : `${protocol}//${vantage}`);
}

/** A function outside a VPC has no way to IPv6 addresses: those of IPv4 come first. */
async function addressesOf(host: string, lookup: FindOptions['lookup']): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host);
  return found.toSorted((a, b) => a.family - b.family).map(({ address }) => address);
}
