import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

interface Process {
  readonly parent: number;
  /** As npm sets it: `npm publish`. */
  readonly title: string;
}

/** @returns the process of npm that runs this script; undefined where none is found */
export function npmProcess(): number | undefined {
  for (let pid = process.ppid; pid > 1; ) {
    const found = readProcess(pid);
    if (found === undefined) return undefined;
    if (/^npm\b/.test(found.title)) return pid;
    pid = found.parent;
  }
  return undefined;
}

function readProcess(pid: number): Process | undefined {
  const folder = `/proc/${pid}`;
  if (existsSync(folder)) {
    const [, parent = ''] = /\) \w (\d+)/.exec(readFileSync(`${folder}/stat`, 'utf8')) ?? [];
    return { parent: Number(parent), title: readFileSync(`${folder}/cmdline`, 'utf8') };
  }
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', `${pid}`], { encoding: 'utf8' });
  const [, parent, title] = /^\s*(\d+)\s+(.*)/.exec(stdout ?? '') ?? [];
  return title === undefined ? undefined : { parent: Number(parent), title };
}

/** @returns whether a process runs, of this user or another one */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
