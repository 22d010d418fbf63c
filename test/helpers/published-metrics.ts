/** A metric as CloudWatch reads it out of a log line. */
export interface PublishedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface EmbeddedMetrics extends Record<string, unknown> {
  readonly _aws?: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
    }[];
  };
}

/**
 * @returns what CloudWatch makes of lines: each metric once for each of its sets of dimensions
 * @throws Error where a line names a metric or a dimension that it has no value for: CloudWatch drops these silently
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsIn(lines: readonly string[]): readonly PublishedMetric[] {
  const found = lines
    .filter((line) => line.includes('"_aws"'))
    .flatMap((line) => metricsOf(JSON.parse(line)));
  return [...new Map(found.map((metric) => [JSON.stringify(metric), metric])).values()];
}

function metricsOf(line: EmbeddedMetrics): readonly PublishedMetric[] {
  return (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name, Unit = 'None' }) =>
      Dimensions.map((names) => {
        const values = [line[Name]].flat();
        if (values.length === 0 || values.some((value) => typeof value !== 'number')) {
          throw new Error(`Expected numbers as ${Name}, got ${JSON.stringify(line[Name])}`);
        }
        const dimensions = Object.fromEntries(names.toSorted().map((name) => [name, textOf(line, name)]));
        return { namespace: Namespace, name: Name, unit: Unit, dimensions };
      }),
    ),
  );
}

function textOf(line: EmbeddedMetrics, dimension: string): string {
  const value = line[dimension];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`Expected a string as the dimension ${dimension}, got ${JSON.stringify(value)}`);
}
