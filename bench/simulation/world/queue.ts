import type { VirtualClock } from './clock.ts';

/** A message in the queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  receives: number;
  /** Whether it is deleted: a copy that is delivered later is then a duplicate that nobody remembers. */
  isDeleted: boolean;
  /** The receipt that counts: an older one has run out. */
  receipt: number;
}

/** A message as one receiver got it. */
export interface Received {
  readonly message: QueuedMessage;
  readonly receipt: number;
}

/**
 * What is requeued is a new message. If each of those could have a twin as well, a backlog under a tight limit would
 * outgrow every limit, which no real queue does.
 */
const mostDuplicated = 200;

/** What a queue does to its messages. */
export interface QueueOptions {
  readonly visibilityTimeoutMs: number;
  readonly maxReceiveCount: number;
  /** Gets what was received too often. */
  readonly deadLetter: (body: string) => void;
  /** How many positions a message may be out of order, at random. */
  readonly reordering?: number;
  /** The share of the first {@link mostDuplicated} messages that is delivered twice. */
  readonly duplicates?: number;
  readonly random: () => number;
}

/** A standard queue: at least once, in no order, with a visibility timeout and a dead letter queue. */
export interface Queue {
  send(body: string, delayMs: number): void;
  /** Takes up to so many visible messages. */
  receive(most: number): readonly Received[];
  delete(received: Received): void;
  visible(): number;
  /** Messages that are neither deleted nor dead. */
  stored(): number;
  /** Bodies of the messages that are neither deleted nor dead. */
  bodies(): readonly string[];
  /** Calls back whenever a message becomes visible. */
  onVisible(listener: () => void): void;
}

/** @returns an empty queue */
export function createQueue(clock: VirtualClock, options: QueueOptions): Queue {
  const {
    visibilityTimeoutMs,
    maxReceiveCount,
    deadLetter,
    reordering = 0,
    duplicates = 0,
    random,
  } = options;
  const live = new Set<QueuedMessage>();
  const listeners: (() => void)[] = [];
  let ready: QueuedMessage[] = [];
  let head = 0;
  let ids = 0;

  function show(message: QueuedMessage): void {
    ready.push(message);
    const back = Math.floor(random() * Math.min(reordering + 1, ready.length - head));
    if (back > 0) swap(ready, ready.length - 1, ready.length - 1 - back);
    for (const listener of listeners) listener();
  }

  function take(): QueuedMessage | undefined {
    const message = ready[head++];
    if (head > 10_000 && head * 2 > ready.length) {
      ready = ready.slice(head);
      head = 0;
    }
    return message;
  }

  return {
    send(body, delayMs) {
      const message = { messageId: `m${ids++}`, body, receives: 0, isDeleted: false, receipt: 0 };
      live.add(message);
      clock.at(clock.nowMs() + delayMs, () => show(message));
      if (ids <= mostDuplicated && random() < duplicates)
        clock.at(clock.nowMs() + delayMs + random() * 60_000, () => show(message));
    },
    receive(most) {
      const received: Received[] = [];
      while (received.length < most && head < ready.length) {
        const message = take();
        if (message === undefined || (message.isDeleted && duplicates === 0)) continue;
        if (++message.receives > maxReceiveCount) {
          if (live.delete(message)) deadLetter(message.body);
          message.isDeleted = true;
          continue;
        }
        const receipt = ++message.receipt;
        received.push({ message, receipt });
      }
      clock.at(clock.nowMs() + visibilityTimeoutMs, () => {
        for (const { message, receipt } of received) {
          if (!message.isDeleted && message.receipt === receipt) show(message);
        }
      });
      return received;
    },
    delete({ message }) {
      message.isDeleted = true;
      live.delete(message);
    },
    visible: () => ready.length - head,
    stored: () => live.size,
    bodies: () => [...live].map(({ body }) => body),
    onVisible: (listener) => listeners.push(listener),
  };
}

function swap<Item>(items: Item[], a: number, b: number): void {
  const [first, second] = [items[a], items[b]];
  if (first === undefined || second === undefined) return;
  items[a] = second;
  items[b] = first;
}
