import { hostedEvents } from './sample-events/hosted.ts';
import type { SampleEvents } from './sample-events/sample-event.ts';
import { selfHostedEvents } from './sample-events/self-hosted.ts';

/** What the sender of each source sends, by the source's name. */
export const sampleEvents: Readonly<Record<string, SampleEvents>> = { ...hostedEvents, ...selfHostedEvents };
