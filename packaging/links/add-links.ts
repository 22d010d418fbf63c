import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addLinks } from './manifest.ts';
import { npmProcess } from './npm-process.ts';

// The last step of `prepack`: what is packed says where it is from.
if (addLinks()) {
  const script = fileURLToPath(new URL('remove-links.ts', import.meta.url));
  const npm = npmProcess();
  // Outlives npm, so that package.json is as before however npm ends: refused by the registry, interrupted, killed.
  if (npm !== undefined) {
    spawn(process.execPath, [script, `${npm}`], { detached: true, stdio: 'ignore' }).unref();
  }
}
