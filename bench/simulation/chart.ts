/** A line of a chart: its name and its points. Where a value is infinite, the line ends at the top. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a chart shows, both axes logarithmic. */
export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  readonly lines: readonly Line[];
}

const size = { width: 860, height: 440, left: 64, right: 200, top: 44, bottom: 52 };
/** Legible on white and on black, and distinguished by dashes where colours are not. */
const strokes = ['#1f8a70', '#8a8f98', '#d1495b', '#c98a1b', '#3d7edb', '#a05bc9', '#5d9c2f', '#c2608f'];
const dashes = ['', '2 4', '8 4', '8 4', '8 4', '4 3', '4 3', '4 3'];

/** @returns the chart as an SVG document that follows the reader's light or dark scheme */
export function drawChart({ title, xTitle, yTitle, xTicks, yTicks, lines }: Chart): string {
  const [x, y] = [
    scale(xTicks, size.left, size.width - size.right),
    scale(yTicks, size.height - size.bottom, size.top),
  ];
  const [bottom, right] = [size.height - size.bottom, size.width - size.right];
  const grid = [
    ...xTicks.map(
      (tick) =>
        `<path class="g" d="M${x(tick)} ${size.top}V${bottom}"/><text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`,
    ),
    ...yTicks.map(
      (tick) =>
        `<path class="g" d="M${size.left} ${y(tick)}H${right}"/><text x="${size.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
    ),
  ];
  const drawn = lines.map(({ points }, index) => {
    const path = points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L');
    return `<path fill="none" stroke="${strokes[index % strokes.length]}" stroke-width="${index === 0 ? 3.5 : 2}" stroke-dasharray="${dashes[index % dashes.length]}" d="M${path}"/>`;
  });
  const legend = lines.map(({ name }, index) => {
    const at = size.top + 12 + index * 22;
    return `<path stroke="${strokes[index % strokes.length]}" stroke-width="${index === 0 ? 3.5 : 2}" stroke-dasharray="${dashes[index % dashes.length]}" d="M${right + 16} ${at}h26"/><text x="${right + 50}" y="${at + 4}">${escapeText(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeText(title)}">
<style>text{font:13px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:15px}.g{stroke:#8884;fill:none}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>
<text class="t" x="${size.left}" y="24">${escapeText(title)}</text>
${grid.join('\n')}
<text x="${(size.left + right) / 2}" y="${size.height - 10}" text-anchor="middle">${escapeText(xTitle)}</text>
<text transform="translate(16 ${(size.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(yTitle)}</text>
${drawn.reverse().join('\n')}
${legend.join('\n')}
</svg>
`;
}

/** @returns a logarithmic scale from the first tick to the last; what lies outside is drawn at the edge */
function scale(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [first, last] = [Math.log(ticks[0] ?? 1), Math.log(ticks.at(-1) ?? 10)];
  return (value) => {
    const share = (Math.log(value) - first) / (last - first);
    return Math.round((from + Math.min(1, Math.max(0, share)) * (to - from)) * 10) / 10;
  };
}

function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
