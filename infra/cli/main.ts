import { runCommand } from './run-command.ts';

const { exitCode, stdout, stderr } = await runCommand(process.argv.slice(2));
if (stdout !== undefined) console.log(stdout);
if (stderr !== undefined) console.error(stderr);
process.exitCode = exitCode;
