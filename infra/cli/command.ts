import type { ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { isConnectionRefused, LocalStackStoppedError } from './aws-error.ts';
import { type Selection, withSelection } from './next.ts';
import { parseOptions } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

/** What a command prints, and its exit code. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** What is around a command. */
export interface Surroundings {
  /** @returns what was piped in; undefined on a terminal */
  readonly readStdin: () => Promise<string | undefined>;
  /** @returns whether the user says yes; undefined where nobody can be asked */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
  readonly nowMs: () => number;
  /** @param signal ends it early; it may reject then */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** @returns what is aborted at the first Ctrl-C from now on, in place of the process; the second one ends that */
  readonly interruption: () => AbortSignal;
  /** Says how far a command is, while it runs. */
  readonly progress: (line: string) => void;
  /** Writes a line of what a command gives that does not end by itself. */
  readonly print: (line: string) => void;
}

/** One command. */
export interface Command {
  /** Its help. */
  readonly usage: string;
  /**
   * Runs it to its end.
   * @param args what follows its name
   * @throws PurgerError for what the user can correct
   */
  run(args: readonly string[], surroundings: Surroundings): Promise<CommandResult>;
}

const commonOptions = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/** Options of the commands that work on a deployed purger or a local one. */
export const purgerOptions = {
  stack: { type: 'string' },
  ready: { type: 'string' },
} as const satisfies ParseArgsOptionsConfig;

/** The help of {@link purgerOptions} and of `--json`. */
export const purgerUsage = `  --stack NAME  the stack, found by the AWS SDK's credentials and region; NAME/PURGER where it has several purgers
  --ready FILE  the local stack, by the file that npm start -- --ready FILE has written
  --json        write JSON`;

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options & typeof commonOptions; allowPositionals: true }>
>;

/** @returns a command with options in addition to `--json` and `--help` */
export function defineCommand<const Options extends ParseArgsOptionsConfig>(command: {
  readonly usage: string;
  readonly options: Options;
  readonly run: (parsed: Parsed<Options>, surroundings: Surroundings) => Promise<CommandResult>;
}): Command {
  const { usage, options } = command;
  return {
    usage,
    async run(args, surroundings) {
      const parsed = parseOptions({
        args: [...args],
        allowPositionals: true,
        options: { ...options, ...commonOptions },
      });
      const { help } = parsed.values as { readonly help?: boolean };
      if (help === true) return { exitCode: 0, stdout: usage };
      const { json, ...selection } = parsed.values as Selection & { readonly json?: boolean };
      const run: typeof command.run = (...args) => command.run(...args).catch(asStopped(selection));
      if (json === true) return run(parsed, surroundings);
      const print = (line: string) => surroundings.print(withSelection(line, selection));
      const result = await run(parsed, { ...surroundings, print });
      if (result.stdout === undefined) return result;
      return { ...result, stdout: withSelection(result.stdout, selection) };
    },
  };
}

/** A local stack that was stopped is said to be, whatever part of it a command has asked first. */
function asStopped({ ready }: Selection): (error: unknown) => never {
  return (error) => {
    if (ready !== undefined && isConnectionRefused(error)) throw new LocalStackStoppedError(ready);
    throw error;
  };
}

/** @throws UsageError where there is an argument that no option takes */
export function refuseArguments(positionals: readonly string[]): void {
  const [first] = positionals;
  if (first !== undefined) throw new UsageError(`Expected no argument, got "${first}"`);
}
