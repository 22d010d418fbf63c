import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder, start } from '../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

async function outcomeOf(...options: string[]) {
  const started = start(...options);
  const code = await started.ended;
  return { code, output: started.output().replace(/^(Synthesizing|Starting) .*\n/, '') };
}

test('a configuration with faults is refused with their paths, and nothing else', async () => {
  const file = scratch.path('faulty.ts');
  writeFileSync(file, "export default { target: 'prod', credentials: 'x', rules: [] };");
  expect(await outcomeOf('--config', file)).toEqual({
    code: 2,
    output: `The configuration has 2 issues:
- \`target\`: expected "production" or "staging", got "prod"
- \`rules\`: expected at least one rule, got a list of 0
`,
  });
});

test('a rule whose source nothing is received from is refused', async () => {
  const file = scratch.path('no-source.json');
  const rules = [{ match: { source: 'contentful' }, purge: { fileUrls: ['https://h.example/{slug}'] } }];
  writeFileSync(file, JSON.stringify({ target: 'production', credentials: 'x', rules }));
  expect(await outcomeOf('--config', file)).toEqual({
    code: 2,
    output: `The configuration has an issue:
- \`rules[0].match.source\`: "contentful" can never match: no webhook of this source is received
`,
  });
});

test('a configuration that is not there is named', async () => {
  const file = scratch.path('none.ts');
  const { code, output } = await outcomeOf('--config', file);
  expect(code).toBe(2);
  expect(output).toMatch(
    new RegExp(`^${file} has an issue:\n- it cannot be loaded: there is no such file\n$`),
  );
});

test('an unknown stage is refused with the one that was meant', async () => {
  expect(await outcomeOf('--stage', 'stagin')).toEqual({
    code: 2,
    output: 'Unknown stage "stagin" (did you mean `staging`?)\n',
  });
});

test('a port in use gives one clear line, before anything is synthesized or read', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((settle) => server.once('listening', settle));
  const { port } = server.address() as AddressInfo;
  for (const option of ['--s3-port', '--webhook-port', '--edge-port', '--cdn-pro-port']) {
    const { code, output } = await outcomeOf('--assembly', scratch.path('none'), option, String(port));
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toContain(`ort ${port} `);
    expect(output).toMatch(/Port \d+ is in use; the local stack wanted it for .* \(--[a-z0-9-]+-port\)/);
  }
  server.close();
});

test.each([
  [['--s3-port', 'x'], 'Expected --s3-port to be a port from 1 to 65535, got "x"'],
  [['--cdn-pro', 'nowhere'], 'Expected --cdn-pro to be a URL such as http://127.0.0.1:8080, got "nowhere"'],
  [['--quota', '0'], 'Expected --quota to be a number of URLs such as 20 or 20/4, got "0"'],
  [['--quota', '20', '--day', 'x'], 'Expected --day to be 24 to 86400 seconds, got "x"'],
  [['--quota', '20', '--day', '23'], 'Expected --day to be 24 to 86400 seconds, got "23"'],
  [['--day', '60'], 'Expected --day with --quota, got it alone'],
  [['--edge', 'nowhere'], 'Expected --edge to be a URL such as http://127.0.0.1:8080, got "nowhere"'],
  [['--oncee'], 'Unknown option "--oncee" (did you mean `--once`?)'],
  [
    ['--edge-port', '8080', '--webhook-port', '8080'],
    'Expected --webhook-port and --edge-port to be different ports, got 8080 for both',
  ],
  [['--ready', 'none/x'], 'Expected --ready to be a file that can be written, got "none/x": ENOENT'],
  [['--assembly', 'events'], 'events/manifest.json cannot be read as part of a cloud assembly'],
  [['--ready', '.'], 'Expected --ready to be a file that can be written, got "."'],
])('%j is refused', async (options, message) => {
  const { code, output } = await outcomeOf(...options);
  expect(code).toBe(2);
  expect(output).toContain(message);
});
