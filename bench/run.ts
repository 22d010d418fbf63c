import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a benchmark's file exports. */
interface Benchmark {
  /** @returns the exit code */
  readonly run: (args: readonly string[]) => number | Promise<number>;
}

const [name = '', ...args] = process.argv.slice(2);
const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));

if (!/^[a-z][a-z-]*$/.test(name) || name === 'run' || !existsSync(file)) {
  const names = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
    .filter((each) => each.endsWith('.ts') && each !== 'run.ts')
    .map((each) => each.replace(/\.ts$/, ''));
  console.error(`Usage: npm run bench -- NAME, where NAME is one of: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const benchmark = (await import(file)) as Benchmark;
  process.exitCode = await benchmark.run(args);
}
