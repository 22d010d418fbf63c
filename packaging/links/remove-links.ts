import { setTimeout } from 'node:timers/promises';
import { removeLinks } from './manifest.ts';
import { isRunning, npmProcess } from './npm-process.ts';

// As `postpack`, or with the process of npm to wait for.
const [npm] = process.argv.slice(2);
if (npm !== undefined) {
  while (isRunning(Number(npm))) await setTimeout(100);
  removeLinks();
} else if (process.env.npm_command === 'pack' || npmProcess() === undefined) {
  // `npm publish` reads package.json once more after this, for the page in the registry.
  removeLinks();
}
