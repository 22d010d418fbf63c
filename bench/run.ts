import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Runs one benchmark: `npm run bench -- NAME` calls `main` of `bench/NAME.ts` with the arguments that follow. */
const [name = '', ...args] = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3));

if (names.includes(name) && existsSync(join(import.meta.dirname, `${name}.ts`))) {
  const { main } = (await import(`./${name}.ts`)) as {
    main: (args: readonly string[]) => boolean | Promise<boolean>;
  };
  // A benchmark says itself whether its goals are met.
  process.exitCode = (await main(args)) ? 0 : 1;
} else {
  console.error(`Expected a benchmark (${names.join(', ')}), got ${name === '' ? 'nothing' : `"${name}"`}.`);
  process.exitCode = 1;
}
