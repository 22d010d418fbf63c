import type { Widget } from './definition.ts';
import type { Recording } from './recording.ts';
import type { Series, Values } from './series.ts';
import { type Box, colors, escaped, fitted, formatted, round, widthOf } from './style.ts';

/** A graph of a widget. */
interface Graph {
  readonly series: readonly Series[];
  readonly box: Box;
  readonly recording: Recording;
  readonly widget: Widget;
}

/** Where values are drawn. */
interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const legendRow = 15;
const mostRows = 4;

/** @returns a graph over time with its axes and its legend */
export function drawGraph({ series, box, recording, widget }: Graph): string {
  const rows = legendRows(series, box.width - 24);
  const hasRight = series.some(({ isRight }) => isRight);
  const plot: Plot = {
    left: box.x + 44,
    right: box.x + box.width - (hasRight ? 44 : 14),
    top: box.y + 34,
    bottom: box.y + box.height - 24 - rows.length * legendRow,
  };
  const shown = widget.isStacked ? stacked(series) : series;
  const left = shown.filter(({ isRight }) => !isRight);
  const right = shown.filter(({ isRight }) => isRight);
  const leftMax =
    widget.max ?? axisMax([...left.flatMap(({ values }) => values), ...visibleLines(widget, left)]);
  const rightMax = axisMax(right.flatMap(({ values }) => values));
  const lines = shown.map((each, index) => {
    const y = scale(each.isRight ? rightMax : leftMax, plot);
    const color = colors[index % colors.length] ?? '';
    return drawSeries(each, { color, y, plot, seconds: recording.seconds });
  });
  return [
    drawTimes(recording, plot),
    drawAxis(leftMax, plot, 'left'),
    ...(hasRight ? [drawAxis(rightMax, plot, 'right')] : []),
    ...widget.lines
      .filter(({ value }) => value <= leftMax)
      .map((line) => drawLine(line, scale(leftMax, plot), plot)),
    // The first one is in front.
    ...lines.toReversed(),
    ...drawLegend(series, rows, { x: box.x + 14, y: plot.bottom + 34 }),
  ].join('\n');
}

/** A threshold is shown where values come near it. */
function visibleLines({ lines }: Widget, series: readonly Series[]): readonly number[] {
  const max = Math.max(0, ...series.flatMap(({ values }) => values).map((value) => value ?? 0));
  return lines.map(({ value }) => value).filter((value) => value < 4 * max);
}

/** A series on top of others. */
interface Stacked extends Series {
  readonly below?: Values;
}

/** Each on top of those before it; one of which nothing was published adds nothing. */
function stacked(series: readonly Series[]): readonly Stacked[] {
  let below: Values = [];
  return series.map((each) => {
    if (isEmpty(each)) return each;
    const values = each.values.map((value, index) =>
      value === undefined ? undefined : value + (below[index] ?? 0),
    );
    const stacked = { ...each, values, below };
    below = values.map((value, index) => value ?? below[index]);
    return stacked;
  });
}

/** @returns the next number above all values of which quarters are easy to read */
function axisMax(values: Values): number {
  const max = Math.max(0, ...values.map((value) => value ?? 0));
  if (max === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  const step = [1, 2, 4, 6, 8, 10].find((each) => each * power >= max) ?? 10;
  return step * power;
}

function scale(max: number, { top, bottom }: Plot): (value: number) => number {
  return (value) => round(bottom - Math.min(1, value / max) * (bottom - top));
}

function drawAxis(max: number, plot: Plot, side: 'left' | 'right'): string {
  const y = scale(max, plot);
  const [x, anchor] = side === 'left' ? [plot.left - 6, 'end'] : [plot.right + 6, 'start'];
  return [0, 0.5, 1]
    .map((share) => {
      const at = y(share * max);
      const grid = side === 'left' ? `<path class="grid" d="M${plot.left} ${at}H${plot.right}"/>` : '';
      return `${grid}<text class="axis" x="${x}" y="${at + 4}" text-anchor="${anchor}">${formatted(share * max)}</text>`;
    })
    .join('');
}

const fiveMinutes = 300;

function drawTimes({ startedAt, seconds }: Recording, { left, right, bottom }: Plot): string {
  const startSeconds = Date.parse(startedAt) / 1000;
  const first = Math.ceil(startSeconds / fiveMinutes) * fiveMinutes - startSeconds;
  // A wide graph has a time each five minutes, one of three in a row each ten.
  const step = right - left > 600 ? fiveMinutes : 2 * fiveMinutes;
  const times: string[] = [];
  for (let second = first; second <= seconds; second += step) {
    const x = round(left + (second / seconds) * (right - left));
    const time = new Date((startSeconds + second) * 1000).toISOString().slice(11, 16);
    times.push(`<text class="axis" x="${x}" y="${bottom + 15}" text-anchor="middle">${time}</text>`);
  }
  return times.join('');
}

function drawLine(
  { value, label, color }: Widget['lines'][number],
  y: (value: number) => number,
  { left, right }: Plot,
): string {
  const text =
    label === undefined
      ? ''
      : `<text class="axis" x="${right}" y="${y(value) - 4}" text-anchor="end" style="fill:${color}">${escaped(label)}</text>`;
  return `<path d="M${left} ${y(value)}H${right}" stroke="${color}" stroke-dasharray="4 3"/>${text}`;
}

interface Drawing {
  readonly color: string;
  readonly y: (value: number) => number;
  readonly plot: Plot;
  readonly seconds: number;
}

function drawSeries(
  { label, values, periodSeconds, below }: Stacked,
  { color, y, plot, seconds }: Drawing,
): string {
  const x = (index: number) =>
    round(plot.left + ((index * periodSeconds) / seconds) * (plot.right - plot.left));
  const parts = runsOf(values).map(({ from, run }) => {
    const [first = 0] = run;
    if (run.length === 1) return `<circle cx="${x(from)}" cy="${y(first)}" r="2.5" fill="${color}"/>`;
    const points = run.map((value, index) => `${x(from + index)} ${y(value)}`).join('L');
    const line = `<path fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round" d="M${points}"/>`;
    if (below === undefined) return line;
    const floor = run.map((_, index) => `${x(from + index)} ${y(below[from + index] ?? 0)}`).toReversed();
    return `<path fill="${color}" fill-opacity=".35" d="M${points}L${floor.join('L')}Z"/>${line}`;
  });
  return `<g><title>${escaped(label)}</title>${parts.join('')}</g>`;
}

/** @returns the values between gaps: a line ends where nothing was published */
function runsOf(values: Values): readonly { readonly from: number; readonly run: readonly number[] }[] {
  const runs: { from: number; run: number[] }[] = [];
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.run.length === index) last.run.push(value);
    else runs.push({ from: index, run: [value] });
  }
  return runs;
}

/** @returns the indices of the series that are named in each row; those of which something was published go first */
function legendRows(series: readonly Series[], width: number): readonly (readonly number[])[] {
  const indices = [...series.keys()];
  const order = indices.toSorted((a, b) => Number(isEmpty(series[a])) - Number(isEmpty(series[b])));
  const rows: number[][] = [];
  let left = 0;
  for (const index of order) {
    const needs = entryWidth(series[index]);
    if (rows.length === 0 || needs > left) {
      if (rows.length === mostRows) break;
      rows.push([]);
      left = width;
    }
    rows.at(-1)?.push(index);
    left -= needs;
  }
  return rows;
}

function isEmpty(series: Series | undefined): boolean {
  return series === undefined || series.values.every((value) => value === undefined || value === 0);
}

function entryWidth(series: Series | undefined): number {
  return 30 + widthOf(series?.label ?? '', 'legend');
}

function drawLegend(
  series: readonly Series[],
  rows: readonly (readonly number[])[],
  start: { readonly x: number; readonly y: number },
): readonly string[] {
  const named = rows.flat().length;
  return rows.flatMap((row, rowIndex) => {
    let x = start.x;
    const y = start.y + rowIndex * legendRow;
    const entries = row.map((index) => {
      const label = series[index]?.label ?? '';
      const isLast = rowIndex === rows.length - 1 && index === row.at(-1);
      const more = isLast && named < series.length ? `${label}, and ${series.length - named} more` : label;
      const entry = `<rect x="${round(x)}" y="${y - 9}" width="10" height="10" rx="2" fill="${colors[index % colors.length]}"/>${fitted(more, { x: round(x + 15), y, width: 1000 }, 'legend')}`;
      x += entryWidth(series[index]);
      return entry;
    });
    return entries;
  });
}
