import { type NextCommand, shellArgument } from '../../next.ts';
import { printable } from '../../printable.ts';
import type { EdgesNow, Shown } from './edge-now.ts';

/** @returns in words what the origin and edges show now */
export function describeEdges({ origin, edges }: EdgesNow): string {
  return [
    'Now:',
    ...(origin === undefined ? [] : [row('origin', origin)]),
    ...edges.flatMap((edge) => [
      row('edge', edge),
      ...(edge.status === undefined ? [] : [`          ${printable(edge.meaning)}`]),
    ]),
  ].join('\n');
}

function row(what: string, { from, address, reason, ...seen }: Shown): string {
  const at = address === undefined || from.includes(address) ? from : `${from} (${address})`;
  return `  ${what.padEnd(6)}  ${printable(`${at}: ${reason ?? factsOf(seen).join(', ')}`)}`;
}

function factsOf(seen: Omit<Shown, 'from'>): readonly string[] {
  const { status, cacheStatus, etag, lastModified, age, location, via } = seen;
  return [
    String(status),
    ...(cacheStatus === undefined ? [] : [cacheStatus]),
    ...(etag === undefined ? [] : [`ETag ${etag}`]),
    ...(lastModified === undefined ? [] : [`Last-Modified ${lastModified}`]),
    ...(age === undefined ? [] : [`Age ${age}`]),
    ...(location === undefined ? [] : [`Location ${location}`]),
    ...(via === undefined ? [] : [`Via ${via}`]),
  ];
}

/** @returns what to do where an edge shows an older version */
export function edgeSteps(url: string, { edges }: EdgesNow): readonly NextCommand[] {
  if (edges.every(({ version }) => version !== 'older')) return [];
  return [[`purge ${shellArgument(url)} --wait`, 'purges it again, unless a purge of it is under way']];
}
