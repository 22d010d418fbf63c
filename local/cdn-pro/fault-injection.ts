import type { Answer } from './answers.ts';
import type { Endpoint } from './routes.ts';

/** Something that goes wrong with one request, for tests of how a client handles it. */
export type InjectedFault =
  /** Answers at once, whatever was asked for. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** @default `{ code: 'InjectedFault', message: … }` */
      readonly body?: unknown;
    }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Resets the connection before the request is handled. */
  | { readonly kind: 'reset' }
  /** Handles the request like any other, then resets the connection instead of answering. */
  | { readonly kind: 'lost-answer' };

/** The faults that wait for requests, for each endpoint first in, first out. */
export interface FaultQueue {
  readonly add: (endpoint: Endpoint, fault: InjectedFault, times: number) => void;
  /** Removes and returns the next fault of an endpoint; `undefined` when there is none. */
  readonly next: (endpoint: Endpoint) => InjectedFault | undefined;
}

/** @returns an empty queue of faults */
export function createFaultQueue(): FaultQueue {
  const waiting = new Map<Endpoint, InjectedFault[]>();
  return {
    add: (endpoint, fault, times) => {
      const added = Array.from({ length: times }, () => fault);
      waiting.set(endpoint, [...(waiting.get(endpoint) ?? []), ...added]);
    },
    next: (endpoint) => waiting.get(endpoint)?.shift(),
  };
}

/** @returns what an `answer` fault answers */
export function injectedAnswer(fault: Extract<InjectedFault, { kind: 'answer' }>): Answer {
  const { status, headers = {}, body = { code: 'InjectedFault', message: `An injected ${status}.` } } = fault;
  return { status, headers, body };
}
