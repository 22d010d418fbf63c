import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findMoto } from './moto.ts';

/** `npm run test:conformance`: the conformance tests where moto is present, else one line that says they are skipped. */
if (findMoto() === undefined) {
  console.log(
    'skipped: moto_server is not on the PATH (pip install "moto[server]==5.2.1"); nothing was tested.',
  );
} else {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const config = join('test', 'conformance', 'vitest.config.ts');
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', config, '--root', '.', ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
}
