import { runCommand } from './run-command.ts';
import { onOutputError } from './terminal.ts';

onOutputError((exitCode) => process.exit(exitCode));

const { exitCode, stdout, stderr } = await runCommand(process.argv.slice(2));
process.exitCode = exitCode;
if (stdout !== undefined) console.log(stdout);
if (stderr !== undefined) console.error(stderr);
