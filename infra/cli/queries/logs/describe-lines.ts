import { printable } from '../../printable.ts';
import type { LeftOut, UrlLine, UrlLines } from './url-lines.ts';

/** So many lines are printed; --json has all of them. */
const mostPrinted = 20;

/** @returns in words what the logs have of a URL */
export function describeLines({ since, isComplete, lines, leftOut }: UrlLines): string {
  const more = lines.length - mostPrinted;
  return [
    `Logs since ${since}:`,
    ...(isComplete ? [] : ['  (what is older was not read in full: there is too much of it)']),
    ...(lines.length === 0 ? ['  nothing names it, or an object that it may come from'] : []),
    ...lines.slice(0, mostPrinted).map(row),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
    ...(leftOut.length === 0 ? [] : ['', 'Left out or refused meanwhile, of whatever URL:']),
    ...leftOut.map(leftOutRow),
  ].join('\n');
}

function row({ at, by, message, about }: UrlLine): string {
  return `  ${at}  ${by}: ${printable(message)}${about === undefined ? '' : ` (${printable(about)})`}`;
}

function leftOutRow({ message, count, lastAt, about }: LeftOut): string {
  const last = about === undefined ? lastAt : `${lastAt}, ${printable(about)}`;
  return `  ${String(count).padStart(5)}  ${message}; the last one ${last}`;
}
