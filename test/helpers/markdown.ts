/** A section of a document: its heading, less the signs, and what stands below until the next heading of its level. */
export interface Section {
  readonly heading: string;
  readonly text: string;
}

/** @returns the sections whose headings have this many signs */
export function sectionsOf(markdown: string, level: number): readonly Section[] {
  const sign = '#'.repeat(level);
  return markdown
    .split(new RegExp(`^${sign} `, 'm'))
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      const end = lines.findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
      return { heading, text: lines.slice(0, end === -1 ? undefined : end).join('\n') };
    });
}

/** @returns the contents of the fenced blocks of a language */
export function blocksOf(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );
}

/** @returns the rows of all tables as their cells, without headings; `\|` is a bar in a cell */
export function rowsOf(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  return lines
    .filter((line, index) => !line.startsWith('| ---') && !lines[index + 1]?.startsWith('| ---'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

/** @returns the value of a JavaScript expression */
export async function evaluate(expression: string): Promise<unknown> {
  const source = `export const value = ${expression};`;
  const exports = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { value: unknown };
  return exports.value;
}
