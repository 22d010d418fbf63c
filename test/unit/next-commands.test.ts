import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineCommand, purgerOptions } from '../../infra/cli/command.ts';
import { nextCommands, shellArgument, withSelection } from '../../infra/cli/next.ts';

test('commands to run next can be pasted: with the purger that was named, and the purpose as a comment', () => {
  const lines = [
    'Not fresh.',
    ...nextCommands(['dead', 'why'], ['redrive --host h.example', 'once it is fixed']),
  ];
  expect(withSelection(lines.join('\n'), { stack: 'My/Purger' })).toBe(`Not fresh.
Next: npx cdn-purger dead --stack My/Purger  # why
      npx cdn-purger redrive --host h.example --stack My/Purger  # once it is fixed`);
  expect(withSelection(lines.join('\n'), { ready: "it's here.json" })).toContain(
    "npx cdn-purger dead --ready 'it'\\''s here.json'  # why",
  );
});

test('a command that works on no purger names none, and neither does one that was not given any', () => {
  const [line = ''] = nextCommands(['init', 'a first configuration']);
  expect(withSelection(line, { stack: 'S' })).toBe(line);
  const [other = ''] = nextCommands(['status', 'now']);
  expect(withSelection(other, {})).toBe(other);
});

test('what a command prints before its end names the purger, too', async () => {
  const [line = ''] = nextCommands(['status', 'now']);
  const command = defineCommand({
    usage: '',
    options: purgerOptions,
    run: async (_parsed, { print }) => {
      print(line);
      return { exitCode: 0, stdout: line };
    },
  });
  const printed: string[] = [];
  const surroundings = {
    readStdin: async () => undefined,
    confirm: async () => undefined,
    nowMs: () => 0,
    sleep: async () => {},
    interruption: () => new AbortController().signal,
    progress: () => {},
    print: (said: string) => printed.push(said),
  };
  const { stdout } = await command.run(['--stack', 'S'], surroundings);
  expect([...printed, stdout]).toEqual(Array(2).fill('Next: npx cdn-purger status --stack S  # now'));
  await command.run(['--stack', 'S', '--json'], surroundings);
  expect(printed[1]).toBe(line);
});

test('what else is printed stays as it is', () => {
  const inWords = fc.string().filter((text) => !text.includes('npx cdn-purger'));
  fc.assert(
    fc.property(inWords, (text) => {
      expect(withSelection(text, { stack: 'S' })).toBe(text);
    }),
  );
});

test('an argument with anything in it is one word for a shell', () => {
  expect(shellArgument('https://h.example/a-b_c')).toBe('https://h.example/a-b_c');
  expect(shellArgument('a b;$(c)')).toBe("'a b;$(c)'");
});
