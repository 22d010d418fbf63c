/** A command to run next, and what it is for. */
export type NextCommand = readonly [command: string, purpose: string];

/** @returns a line for each command, to be pasted as it is: what it is for is a comment of the shell */
export function nextCommands(...commands: readonly NextCommand[]): readonly string[] {
  return commands.map(
    ([command, purpose], index) => `${index === 0 ? 'Next: ' : '      '}${pasteable(command)}  # ${purpose}`,
  );
}

/** @returns a command of `cdn-purger`, as a line that {@link withSelection} completes begins */
export function pasteable(command: string): string {
  return `npx cdn-purger ${command}`;
}

/** @returns an argument of a shell's command */
export function shellArgument(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** What names the purger that a command works on. */
export interface Selection {
  readonly stack?: string | undefined;
  readonly ready?: string | undefined;
}

/** These work on no purger. */
const withoutPurger = new Set(['init', 'dev']);
const nextLine = /^( *(?:Next: |fix: )?npx cdn-purger )(\S+)(.*?)( {2}# .*)?$/gm;

/** @returns a command's output, whose commands to run next name the same purger */
export function withSelection(output: string, { stack, ready }: Selection): string {
  const [option, value] = stack === undefined ? ['--ready', ready] : ['--stack', stack];
  if (value === undefined) return output;
  const selection = ` ${option} ${shellArgument(value)}`;
  return output.replace(nextLine, (line, start: string, command: string, rest: string, purpose = '') =>
    withoutPurger.has(command) ? line : `${start}${command}${rest}${selection}${purpose}`,
  );
}
