import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { loadStages } from '../../infra/stack/load-config.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

test.each([
  [
    'a file of another kind',
    'x.yaml',
    'rules: []',
    'expected a file whose name ends in .ts, .mts, .cts, .js, .mjs, .cjs or .json, got "x.yaml"',
  ],
  ['one that is not there', 'missing.mjs', undefined, 'there is no such file'],
  ['one that throws', 'throws.mjs', '\nconst none = null;\nexport default none.rules;', "'rules') (line 3)"],
])('%s is refused with what is wrong, and where', async (_, name, text, reason) => {
  const file = scratch.path(name);
  if (text !== undefined) writeFileSync(file, text);
  await expect(loadStages(file)).rejects.toThrow(reason);
});
