/** A value of a metric, by the second of the recording in which it was published. */
export type Point = readonly [second: number, value: number];

/** What a purger's metrics were while it ran. */
export interface Recording {
  /** When it began; ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** By what {@link metricKey} gives. */
  readonly metrics: Readonly<Record<string, readonly Point[]>>;
}

/**
 * @param of the values of its dimensions by their names' order, without the purger's: it is the same everywhere
 * @returns the name of a metric in a recording
 */
export function metricKey(name: string, ...of: readonly string[]): string {
  return [name, ...of].join(' ');
}

/** @returns the logical ID of a function, without CDK's hash */
export function functionId(service: string): string {
  const words = service.split('-').map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
  return `Purger${words.join('')}Function`;
}

/** Collects the metrics of a run. */
export interface Recorder {
  readonly add: (key: string, value: number) => void;
  /** Takes what a function wrote: metrics in CloudWatch's embedded format, and that it has run. */
  readonly readLine: (line: string) => void;
  readonly finish: () => Recording;
}

interface EmbeddedMetrics {
  readonly [name: string]: unknown;
  readonly service?: string;
  readonly lane?: string;
  readonly webhook?: string;
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[];
  };
}

/** @returns a recorder that begins now */
export function createRecorder(): Recorder {
  const startedMs = Date.now();
  const metrics: Record<string, Point[]> = {};
  const add = (key: string, value: number) => {
    metrics[key] ??= [];
    metrics[key].push([Math.round((Date.now() - startedMs) / 100) / 10, value]);
  };
  /** Lambda counts errors and throttles at each invocation; the local stack has had neither, or it would have said so. */
  const hasRun = new Set<string>();
  const countNone = () => {
    for (const service of hasRun) {
      for (const name of ['Errors', 'Throttles']) add(metricKey(name, functionId(service)), 0);
    }
    hasRun.clear();
  };
  const counting = setInterval(countNone, 20_000);
  return {
    add,
    readLine(line) {
      const { _aws, service, lane, webhook, ...values } = parsed(line);
      if (service === undefined) return;
      hasRun.add(service);
      const names = (_aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
      const of = [lane, service, webhook].filter((each) => each !== undefined);
      for (const name of names) {
        for (const value of [values[name]].flat()) add(metricKey(name, ...of), Number(value));
      }
    },
    finish() {
      clearInterval(counting);
      return {
        startedAt: new Date(startedMs).toISOString(),
        seconds: Math.round((Date.now() - startedMs) / 1000),
        metrics: Object.fromEntries(Object.entries(metrics).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      };
    },
  };
}

function parsed(line: string): EmbeddedMetrics {
  try {
    return JSON.parse(line) as EmbeddedMetrics;
  } catch {
    return {};
  }
}
