import type { RequestListener } from 'node:http';

/** Names that nobody can have resolve to another machine: https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
const loopback = /^(127(\.\d{1,3}){3}|([a-z0-9-]+\.)*localhost|\[::1\])(:\d+)?$/i;

/** @returns whether a `Host` header names this machine; a missing one does, since every browser sends one */
export function isLoopbackHost(host: string | undefined): boolean {
  return host === undefined || loopback.test(host);
}

/** @returns whether a `Host` header names this machine or one of the hosts, in which `*` is any part of a name */
export function isLoopbackOr(hosts: readonly string[]): (host: string | undefined) => boolean {
  const allowed = hosts.map((host) => {
    const escaped = host.toLowerCase().replace(/[^a-z0-9*-]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.+')}(:\\d+)?$`);
  });
  return (host) => isLoopbackHost(host) || allowed.some((each) => each.test(host?.toLowerCase() ?? ''));
}

/** What a request to another host is answered. */
export const otherHostAnswer = 'This server is for this machine alone: ask it as 127.0.0.1 or localhost.\n';

/**
 * Lets only requests to allowed hosts through. A page of a stranger could otherwise have its own name resolve to this
 * machine, and read with the visitor's browser what a local server answers (DNS rebinding).
 * @returns a listener that answers others 421, Misdirected Request
 */
export function refuseOtherHosts(
  listener: RequestListener,
  isAllowed: (host: string | undefined) => boolean = isLoopbackHost,
): RequestListener {
  return (request, response) => {
    if (isAllowed(request.headers.host)) return listener(request, response);
    request.resume();
    response.writeHead(421, { 'content-type': 'text/plain;charset=utf-8' });
    response.end(otherHostAnswer);
  };
}
