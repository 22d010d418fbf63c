import type { Widget } from './definition.ts';
import { drawGraph } from './draw-graph.ts';
import type { Recording } from './recording.ts';
import { type Series, seriesOf } from './series.ts';
import { type Box, escaped, fitted, formatted, round, styles } from './style.ts';

/** An alarm of the dashboard. */
export interface AlarmState {
  readonly name: string;
  readonly isOn: boolean;
}

/** A unit of CloudWatch's grid, in pixels. */
const unit = { width: 50, height: 38 };
const gap = 5;
const margin = 10;

/**
 * @param alarms their states when the recording ended, by the logical ID
 * @returns the dashboard as CloudWatch shows it, as an SVG document that follows the reader's light or dark scheme
 */
export function drawDashboard(
  widgets: readonly Widget[],
  alarms: ReadonlyMap<string, AlarmState>,
  recording: Recording,
): string {
  const width = 24 * unit.width + 2 * margin;
  const height = Math.max(...widgets.map(({ y, height }) => y + height)) * unit.height + 2 * margin;
  const drawn = widgets.map((widget) => {
    const box = boxOf(widget);
    return `<rect class="card" x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="6"/>
${drawWidget(widget, box, alarms, recording)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The CloudWatch dashboard">
<style>${styles}</style>
<rect class="page" width="${width}" height="${height}"/>
${drawn.join('\n')}
</svg>
`;
}

function boxOf({ x, y, width, height }: Widget): Box {
  return {
    x: margin + x * unit.width + gap,
    y: margin + y * unit.height + gap,
    width: width * unit.width - 2 * gap,
    height: height * unit.height - 2 * gap,
  };
}

function drawWidget(
  widget: Widget,
  box: Box,
  alarms: ReadonlyMap<string, AlarmState>,
  recording: Recording,
): string {
  if (widget.type === 'text') return drawText(widget, box);
  const title = fitted(widget.title, { x: box.x + 12, y: box.y + 20, width: box.width - 24 }, 'title');
  if (widget.type === 'alarm') return `${title}\n${drawAlarms(widget, box, alarms)}`;
  const series = seriesOf(widget.metrics, recording);
  if (widget.view === 'singleValue') return `${title}\n${drawNumber(series, box)}`;
  return `${title}\n${drawGraph({ series, box, recording, widget })}`;
}

function drawText({ markdown }: Widget, { x, y }: Box): string {
  return markdown
    .split('\n')
    .map((line, index) => {
      const text = line.replaceAll(/[#*`]/g, '').trim();
      return `<text class="${line.startsWith('#') ? 'heading' : 'text'}" x="${x + 12}" y="${y + 27 + index * 24}">${escaped(text)}</text>`;
    })
    .join('\n');
}

const columns = 5;

function drawAlarms({ alarms: ids }: Widget, box: Box, alarms: ReadonlyMap<string, AlarmState>): string {
  const width = (box.width - 24) / columns;
  return ids
    .map((id, index) => {
      const { name, isOn } = alarms.get(id) ?? { name: id, isOn: false };
      const [x, y] = [
        round(box.x + 12 + (index % columns) * width),
        box.y + 30 + Math.floor(index / columns) * 18,
      ];
      const text = fitted(
        isOn ? `! ${name}` : name,
        { x: round(x + 18), y: y + 11, width: width - 22 },
        isOn ? 'on' : 'text',
      );
      return `<rect class="${isOn ? 'alarm' : 'ok'}" x="${x}" y="${y + 1}" width="12" height="12" rx="3"/>${text}`;
    })
    .join('\n');
}

/** The newest value above a line of all of them. */
function drawNumber([series]: readonly Series[], { x, y, width, height }: Box): string {
  const values = series?.values ?? [];
  const newest = values.findLast((value) => value !== undefined);
  const max = Math.max(1, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length - 1);
  const points = values.flatMap((value, index) =>
    value === undefined
      ? []
      : [`${round(x + index * step)} ${round(y + height - 2 - (value / max) * (height * 0.4))}`],
  );
  const line = points.length < 2 ? '' : `<path class="spark" d="M${points.join('L')}"/>`;
  return `${line}<text class="number" x="${x + 12}" y="${y + 58}">${newest === undefined ? '--' : formatted(newest)}</text>`;
}
