import type { Template } from 'aws-cdk-lib/assertions';

/** A metric of a widget or an alarm. */
export interface MetricUse {
  readonly id?: string;
  readonly label: string;
  /** Of other metrics, by their ids; without it the metric has a name. */
  readonly expression?: string;
  readonly name: string;
  /** The values of its dimensions; of a resource its logical ID, without CDK's hash. */
  readonly of: readonly string[];
  readonly stat: string;
  readonly periodSeconds: number;
  readonly isVisible: boolean;
  readonly isRight: boolean;
}

/** A widget of the dashboard, as CloudWatch gets it. */
export interface Widget {
  readonly type: 'text' | 'alarm' | 'metric';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly markdown: string;
  /** Logical IDs of alarms. */
  readonly alarms: readonly string[];
  readonly view: string;
  readonly isStacked: boolean;
  readonly metrics: readonly MetricUse[];
  /** The left axis ends here, where it says so. */
  readonly max?: number;
  readonly lines: readonly { readonly value: number; readonly label?: string; readonly color: string }[];
}

/** As far as it is used here: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
interface WidgetBody extends Pick<Widget, 'type' | 'x' | 'y' | 'width' | 'height'> {
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly view?: string;
    readonly stacked?: boolean;
    readonly metrics?: readonly (readonly (string | MetricOptions)[])[];
    readonly annotations?: { readonly horizontal?: Widget['lines'] };
    readonly yAxis?: { readonly left?: { readonly max?: number } };
  };
}

interface MetricOptions {
  readonly id?: string;
  readonly label?: string;
  readonly expression?: string;
  readonly stat?: string;
  readonly period?: number;
  readonly visible?: boolean;
  readonly yAxis?: string;
}

const fiveMinutes = 300;

/** @returns the widgets of the one dashboard of a template */
export function widgetsOf(template: Template): readonly Widget[] {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const { widgets } = JSON.parse(textOf(dashboard?.Properties.DashboardBody)) as {
    readonly widgets: readonly WidgetBody[];
  };
  return widgets.map(({ properties, ...size }) => {
    const max = properties.yAxis?.left?.max;
    return {
      ...size,
      title: properties.title ?? '',
      markdown: properties.markdown ?? '',
      alarms: properties.alarms ?? [],
      view: properties.view ?? '',
      isStacked: properties.stacked ?? false,
      metrics: (properties.metrics ?? []).map(metricOf),
      lines: properties.annotations?.horizontal ?? [],
      ...(max !== undefined && { max }),
    };
  });
}

/** @returns a string of CloudFormation in which what only the deployment knows is named by its resource */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Readonly<Record<string, unknown>>;
  if (Array.isArray(join)) return (join[1] as readonly unknown[]).map(textOf).join(join[0]);
  const id = typeof Ref === 'string' ? Ref : Array.isArray(attribute) ? String(attribute[0]) : undefined;
  if (id === undefined) throw new Error(`Expected a reference, got ${JSON.stringify(value)}`);
  return withoutHash(id);
}

/** @returns a logical ID without CDK's hash, which says nothing */
export function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}

function metricOf(all: readonly (string | MetricOptions)[]): MetricUse {
  const options = all.find((each) => typeof each === 'object') ?? {};
  const [, name = '', ...dimensions] = all.filter((each) => typeof each === 'string');
  const { id, label, expression, stat = 'Average', period = fiveMinutes, visible = true, yAxis } = options;
  return {
    ...(id !== undefined && { id }),
    ...(expression !== undefined && { expression }),
    label: label ?? name,
    name,
    of: dimensions.filter((_, index) => index % 2 === 1 && dimensions[index - 1] !== 'purger'),
    stat,
    periodSeconds: period,
    isVisible: visible,
    isRight: yAxis === 'right',
  };
}
