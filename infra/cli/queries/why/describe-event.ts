import { counted } from '../../counted.ts';
import { printable } from '../../printable.ts';
import type { WatchEvent } from '../../purger/history/watch.ts';

/** So many URLs and changes of each event are printed; --json has all of them. */
const mostPrinted = 3;

/** @returns what has happened, in a line */
export function describeEvent(event: WatchEvent): string {
  return `${event.at}  ${event.event.padEnd(8)}  ${printable(wordsOf(event))}`;
}

function wordsOf(event: WatchEvent): string {
  switch (event.event) {
    case 'accepted':
    case 'observed': {
      const from = event.changes.length === 0 ? '' : ` for ${few(event.changes, ', ')}`;
      const lanes = event.lanes.length === 0 ? '' : ` (${event.lanes.join(', ')})`;
      return `purge ${event.purgeId}${lanes}: ${few(event.urls)}${from}`;
    }
    case 'ended':
      return `purge ${event.purgeId} ${event.state}${event.reason === undefined ? '' : `: ${event.reason}`}`;
    case 'refused':
      return `${event.reason}${event.urls.length === 0 ? '' : `: ${few(event.urls)}`}`;
    case 'waiting':
      return `${counted(event.queued, 'message')} in the queues, ${counted(event.parked, 'URL')} for tokens of the day`;
  }
}

function few(all: readonly string[], separator = ' '): string {
  const more = all.length - mostPrinted;
  return `${all.slice(0, mostPrinted).join(separator)}${more > 0 ? ` and ${more} more` : ''}`;
}
