import { expect, test } from 'vitest';
import { explainCommand } from '../../infra/cli/commands/explain.ts';
import { explain } from '../../infra/cli/explain/explain.ts';
import { explainMany } from '../../infra/cli/explain/many/explain-many.ts';
import { groupObjects } from '../../infra/cli/explain/many/group-objects.ts';
import { describeMany } from '../../infra/cli/explain/many/print-many.ts';
import { describe } from '../../infra/cli/explain/print-explanation.ts';
import { purgerOfSettings } from '../../infra/cli/explain/purger/explained-purger.ts';
import { purgingChanges } from '../../infra/cli/explain/reverse/changes-that-purge.ts';
import { describePurgedUrl } from '../../infra/cli/explain/reverse/print-purging-changes.ts';
import { describeAwaited } from '../../infra/cli/queries/why/describe-awaited.ts';
import { terminal } from '../../infra/cli/terminal.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { objectChange } from '../helpers/changes.ts';

const key = 'site/a\n\u001b[2J\u009b1A';
const id = `s3://www/${key}`;
const printed = 's3://www/site/a\\u{a}\\u{1b}[2J\\u{9b}1A';
const purger = purgerOfSettings(
  checkSettings({
    target: 'production',
    rules: [
      {
        match: { source: 's3', key: 'site/{name}' },
        purge: {
          fileUrls: ['https://h.example/{name}'],
          fileHeaders: { accept: 'text/html' },
        },
      },
    ],
  }),
);
const change = objectChange(key, { bucket: 'www', id });

test('a key is printed on one line and without what a terminal obeys', () => {
  const others = explainMany(
    [objectChange('x\u001b[2J', { bucket: 'www', id: 's3://www/x\u001b[2J' })],
    purger,
  );
  const url = 'https://h.example/a%0A%1B%5B2J';
  const all = [
    describe(explain({ changes: [change], remarks: ['a\u001bb'], refused: ['c\u009bd'] }, purger)),
    describeMany(others, ['l\u001bink']),
    describePurgedUrl({ url, changes: purgingChanges({ ...purger, cacheKey: {} }, url) }),
    describeAwaited({
      outcome: 'failed',
      counts: { failed: 1 },
      queued: 0,
      timedOut: false,
      open: [{ url: id, state: 'failed' }],
    }),
  ];
  expect(all[0]).toContain(`put ${printed}\n`);
  expect(all[1]).toContain('s3://www/x\\u{1b}[2J');
  expect(all[2]).toContain('site/a\\u{a}\\u{1b}[2J');
  expect(all[3]).toContain(printed);
  for (const each of all) expect(each).not.toMatch(/[^\P{Cc}\n]/u);
});

test('objects may be more than a function takes arguments', async () => {
  const objects = Array.from({ length: 150_000 }, (_, index) => `s3://www/x/${index % 1000}/${index}.js`);
  expect(groupObjects(objects, 20)).toMatchObject([{ name: 's3://www/x/**/*.js' }]);
  const surroundings = { ...terminal, readStdin: async () => objects.join('\n') };
  const read = explainCommand.run(['-', '--rules', 'missing.json'], surroundings);
  await expect(read).rejects.not.toThrow(RangeError);
});
