import { type ParseArgsConfig, parseArgs } from 'node:util';
import { suggestion } from '../settings/checks/suggestion.ts';
import { UsageError } from './usage-error.ts';

/**
 * Parses the arguments of a command line, as `parseArgs` of Node does.
 * @throws UsageError for what no option takes; a misspelled option is answered with the one that was meant
 */
export function parseOptions<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, unknown] = /^Unknown option '(-[^']+)'/.exec(message) ?? [];
    const [, valued] =
      /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(message) ?? [];
    if (valued !== undefined) {
      throw new UsageError(
        `Expected ${valued} with a value, got none; one that begins with "-" is written ${valued}=-…`,
      );
    }
    if (unknown === undefined) throw new UsageError(message);
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    throw new UsageError(`Unknown option "${unknown}"${suggestion(unknown, known)}`);
  }
}

/** @throws UsageError where an option's words are blank, as of a variable that is not set */
export function checkWords(option: string, words: string | undefined): void {
  if (words?.trim() === '')
    throw new UsageError(`Expected ${option} to be words, got ${JSON.stringify(words)}`);
}
