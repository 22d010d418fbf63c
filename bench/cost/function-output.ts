import { readAssembly } from '../../local/aws/template/assembly.ts';
import { type Invocation, logLineOverheadBytes } from './usage.ts';

/** What the functions wrote, taken apart. */
export interface Written {
  readonly invocations: Map<string, Invocation[]>;
  logBytes: number;
  readonly metrics: Set<string>;
}

/** @returns nothing written yet */
export function newWritten(): Written {
  return { invocations: new Map(), logBytes: 0, metrics: new Set() };
}

interface LogLine {
  readonly meter?: { readonly wallMs: number; readonly cpuMs: number };
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

/** Takes a line that a function wrote apart. */
export function readLine(
  line: string,
  logicalId: string,
  memoryOf: ReadonlyMap<string, number>,
  written: Written,
): void {
  const parsed = line.startsWith('{') ? (JSON.parse(line) as LogLine) : {};
  if (parsed.meter !== undefined) {
    const name = shortName(logicalId);
    const invocation = { ...parsed.meter, memoryMb: memoryOf.get(logicalId) ?? 128 };
    written.invocations.set(name, [...(written.invocations.get(name) ?? []), invocation]);
    return;
  }
  written.logBytes += Buffer.byteLength(line) + logLineOverheadBytes;
  for (const { Namespace, Dimensions, Metrics } of parsed._aws?.CloudWatchMetrics ?? []) {
    for (const names of Dimensions.length > 0 ? Dimensions : [[]]) {
      const dimensions = names.map((name) => `${name}=${parsed[name]}`).join(',');
      for (const { Name } of Metrics) written.metrics.add(`${Namespace} ${Name} ${dimensions}`);
    }
  }
}

/** `PurgerReceiveS3Function…` is `receive-s3`. */
function shortName(logicalId: string): string {
  if (logicalId.includes('ReceiveS3')) return 'receive-s3';
  return logicalId.includes('ReceiveWebhook') ? 'receive-webhook' : 'submit';
}

/** @returns the memory of the template's functions, in MB, by logical ID */
export function memoryByFunction(assemblyDir: string): ReadonlyMap<string, number> {
  const { Resources } = readAssembly(assemblyDir).template;
  const functions = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  return new Map(functions.map(([id, { Properties }]) => [id, Number(Properties.MemorySize ?? 128)]));
}
