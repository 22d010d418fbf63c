import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compressedPrefix } from '../../functions/receive-webhook/webhook-config.ts';
import { readDeployed } from '../../infra/cli/explain/purger/deployed-purger.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';
import { descriptionWith } from '../helpers/purger-description.ts';

/** What Lambda hands out as a function's code. */
let answer: RequestListener;
const server = createServer((request, response) => answer(request, response));
let url: string;

beforeAll(async () => {
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/code?X-Amz-Signature=secret`;
});
afterAll(() => {
  server.close();
});

const codeOf = (files: Readonly<Record<string, string>>): void => {
  const zipped = Object.entries(files).map(([name, text]) => [name, strToU8(text)] as const);
  answer = (_, response) => response.end(zipSync(Object.fromEntries(zipped)));
};

/** @param variables the environment of the webhooks' receiver */
function deployed(fields: Parameters<typeof descriptionWith>[0] = {}, variables?: object): Purger {
  const functions = { submit: 'submit', ...(variables && { receiveWebhook: 'receive-webhook' }) };
  const send = async ({ input }: { readonly input: { readonly FunctionName: string } }) =>
    input.FunctionName === 'submit'
      ? { Code: { Location: url } }
      : { Configuration: { Environment: variables } };
  const clients = { lambda: async () => ({ send }) };
  return { ...descriptionWith({ functions, ...fields }), clients } as unknown as Purger;
}

test('the rules of a deployed purger are those next to the code of submit, whatever else is there', async () => {
  const files = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}\.mjs$/), fc.string({ unit: anyCodePoint }), {
    maxKeys: 3,
  });
  const mappings = fc.record({ target: fc.constant('production'), rules: fc.array(fc.jsonValue()) });
  await fc.assert(
    fc.asyncProperty(files, mappings, async (others, mapping) => {
      codeOf({ ...others, 'mapping.json': JSON.stringify(mapping) });
      expect((await readDeployed(deployed())).mapping).toEqual(JSON.parse(JSON.stringify(mapping)));
    }),
    { numRuns: 30 },
  );
});

test('its webhooks are those of the receiver, compressed or not, and all else is in its parameter', async () => {
  codeOf({ 'mapping.json': '{"target":"production","rules":[]}' });
  const json = JSON.stringify({ blog: { source: 'ghost', secrets: [0], options: { toleranceSeconds: 60 } } });
  const compressed = `${compressedPrefix}${deflateRawSync(json).toString('base64')}`;
  for (const WEBHOOKS of [json, compressed]) {
    const purger = await readDeployed(
      deployed({ watched: [{ bucket: 'www' }] }, { Variables: { WEBHOOKS } }),
    );
    expect(purger).toMatchObject({
      webhooks: [{ name: 'blog', source: 'ghost', options: { toleranceSeconds: 60 } }],
      watched: [{ bucket: 'www' }],
      limits: { tokenUnit: 'url' },
    });
  }
  expect((await readDeployed(deployed())).watched).toEqual([{}]);
});

test.each<[name: string, given: RequestListener, message: string]>([
  ['refuses', (_, response) => response.writeHead(403).end(), 'where Lambda says, got 403'],
  ['breaks off', (request) => request.socket.destroy(), 'where Lambda says, got no answer ('],
  ['has no rules', (_, response) => response.end(zipSync({})), 'to have mapping.json, got none'],
  ['is no archive', (_, response) => response.end('no'), 'to be a ZIP file, got '],
])('code that %s is a clear error, which does not name the signed URL', async (_, given, message) => {
  answer = given;
  const error = await readDeployed(deployed()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'DeployedRulesError', message: expect.stringContaining(message) });
  expect(String(error)).not.toContain('Signature');
});

test('a receiver whose environment cannot be read is a clear error', async () => {
  codeOf({ 'mapping.json': '{"rules":[]}' });
  const refused = { Error: { ErrorCode: 'AccessDenied', Message: 'no key' } };
  await expect(readDeployed(deployed({}, refused))).rejects.toThrow(
    'Expected the function receive-webhook to have WEBHOOKS in its environment, got no key',
  );
});

test('a purger of an older version does not say where its rules are, which is a clear error', async () => {
  const { functions: _, ...older } = deployed();
  await expect(readDeployed(older)).rejects.toThrow(
    'deploy it again, or name its configuration with --config',
  );
});
