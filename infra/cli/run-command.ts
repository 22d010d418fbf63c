import { PurgerError } from '../../functions/core/model/errors.ts';
import { suggestion } from '../settings/checks/suggestion.ts';
import { describeAwsError } from './aws-error.ts';
import type { Command, CommandResult, Surroundings } from './command.ts';
import { terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

interface Entry {
  /** What it is for, in a few words. */
  readonly summary: string;
  /** Loads it: each needs its own part of the AWS SDK, or the CDK. */
  readonly load: () => Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  status: {
    summary: 'is content fresh, what waits, what is left',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  why: {
    summary: 'what happened to the newest change of a URL',
    load: async () => (await import('./commands/journal/why.ts')).whyCommand,
  },
  wait: {
    summary: 'waits until what changed is completed or fresh',
    load: async () => (await import('./commands/journal/wait.ts')).waitCommand,
  },
  tail: {
    summary: 'purges and refusals as they happen',
    load: async () => (await import('./commands/journal/tail.ts')).tailCommand,
  },
  report: {
    summary: 'what would have been purged while it observes; or what happened to a URL in 90 days',
    load: async () => (await import('./commands/journal/report.ts')).reportCommand,
  },
  waiting: {
    summary: 'which URLs wait for tokens of the day, and until when',
    load: async () => (await import('./commands/waiting.ts')).waitingCommand,
  },
  purge: {
    summary: 'purges URLs, directories and patterns by hand',
    load: async () => (await import('./commands/purge.ts')).purgeCommand,
  },
  quota: {
    summary: "what is left of the day's tokens and of the rate limit",
    load: async () => (await import('./commands/quota.ts')).quotaCommand,
  },
  dead: {
    summary: 'what could not be purged, and why',
    load: async () => (await import('./commands/dead.ts')).deadCommand,
  },
  redrive: {
    summary: 'tries again what could not be purged',
    load: async () => (await import('./commands/redrive.ts')).redriveCommand,
  },
  pause: {
    summary: 'holds all purge requests; changes wait',
    load: async () => (await import('./commands/pause.ts')).pauseCommand,
  },
  resume: {
    summary: 'ends a pause',
    load: async () => (await import('./commands/resume.ts')).resumeCommand,
  },
  doctor: {
    summary: 'is everything set up, and if not, what to do',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  send: {
    summary: 'sends a signed webhook, as a CMS would',
    load: async () => (await import('./commands/development/send.ts')).sendCommand,
  },
  init: {
    summary: 'writes a first configuration',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  explain: {
    summary: 'what the rules make of a change; nothing is purged',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
};

const width = Math.max(...Object.keys(commands).map((name) => name.length));
const usage = `Usage: cdn-purger COMMAND [OPTION]...

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  .join('\n')}
  ${'dev'.padEnd(width)}  runs all of it on this machine, with samples of your rules

All but init and dev work on a deployed purger (--stack NAME) or on the local stack (--ready FILE), and take --json; explain\nworks on a configuration, too.
cdn-purger COMMAND --help has the options of a command; cdn-purger --version prints the version.`;

/**
 * Runs a command to its end; what is wrong with it or with the configuration is in the result.
 * @param args as `process.argv` has them, from the command on
 */
export async function runCommand(
  args: readonly string[],
  surroundings: Surroundings = terminal,
): Promise<CommandResult> {
  const [name, ...rest] = args;
  if (name === undefined) return { exitCode: 2, stderr: usage };
  if (name === '--help' || name === '-h' || name === 'help') return { exitCode: 0, stdout: usage };
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (entry === undefined) {
      const known = [...Object.keys(commands), 'dev'];
      throw new UsageError(`Expected a command, got "${name}"${suggestion(name, known)}`);
    }
    return await (await entry.load()).run(rest, surroundings);
  } catch (error) {
    return failure(error, entry && name, rest.includes('--json'));
  }
}

/** @throws the error itself where it is a bug */
function failure(error: unknown, command: string | undefined, json: boolean): CommandResult {
  const message = error instanceof PurgerError ? error.message : describeAwsError(error);
  if (message === undefined) throw error;
  if (json) {
    const { name } = error as Error;
    return { exitCode: 2, stdout: JSON.stringify({ error: { name, message } }, null, 2) };
  }
  const help = command === undefined ? '--help' : `${command} --help`;
  const hint = error instanceof UsageError ? `\n\nSee: npx cdn-purger ${help}` : '';
  return { exitCode: 2, stderr: `${message}${hint}` };
}
