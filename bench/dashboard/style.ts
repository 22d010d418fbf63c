/** A box of the picture, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** CloudWatch's colors for the series of a graph, in their order. */
export const colors = [
  '#1f77b4',
  '#ff7f0e',
  '#2ca02c',
  '#d62728',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
  '#17becf',
];

export const styles = [
  'text{font:12px system-ui,sans-serif;fill:#414d5c}',
  '.page{fill:#f2f3f3}.card{fill:#fff;stroke:#d5dbdb}',
  '.title{font-weight:600;font-size:13px;fill:#16191f}.heading{font-weight:600;font-size:20px;fill:#16191f}',
  '.number{font-size:30px;fill:#16191f}.axis{font-size:10.5px}.legend{font-size:11px}',
  '.grid{stroke:#8883;fill:none}.spark{stroke:#1f77b4;stroke-width:1.5;fill:none}',
  '.ok{fill:#1d8102}.alarm{fill:#d13212}.on{fill:#d13212;font-weight:600}',
  '@media(prefers-color-scheme:dark){text{fill:#b6bec9}.page{fill:#0f1b2a}.card{fill:#192534;stroke:#354150}',
  '.title,.heading,.number{fill:#f2f3f3}.on{fill:#ff8a73}.ok{fill:#29ad32}.alarm{fill:#ff5d40}}',
].join('');

/** How wide a letter is on average, as a share of the font's size. */
const letterWidth = 0.6;
const sizes: Readonly<Record<string, number>> = { title: 13, text: 12, on: 12, legend: 11, axis: 10.5 };

/** @returns about how wide a string is, in pixels */
export function widthOf(text: string, style: string): number {
  return text.length * (sizes[style] ?? 12) * letterWidth;
}

/** @returns a string that is set smaller where it would be wider than its place */
export function fitted(
  text: string,
  { x, y, width }: { readonly x: number; readonly y: number; readonly width: number },
  style: string,
): string {
  const wide = widthOf(text, style);
  const size =
    wide <= width
      ? ''
      : ` style="font-size:${Math.floor(((sizes[style] ?? 12) * width * 10) / wide) / 10}px"`;
  return `<text class="${style}" x="${x}" y="${y}"${size}>${escaped(text)}</text>`;
}

/** @returns a string as the content of an element */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** @returns a number with as many digits as somebody reads */
export function formatted(value: number): string {
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

/** @returns a coordinate with one digit, which is finer than a pixel */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
