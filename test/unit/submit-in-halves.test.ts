import { expect, test } from 'vitest';
import type { PurgeRequestBody } from '../../functions/core/planning/planned-request.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import { submitInHalves } from '../../functions/submit/submit-in-halves.ts';
import { buffered, createWorld, looseContract, type World } from '../helpers/submit-fixture.ts';

const options = {
  limits: { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 },
  contract: looseContract,
  deadlineMs: 250_000,
};
const messages = Array.from({ length: 20 }, (_, page) => buffered(`m${page}`, `https://h.example/${page}`));

/** A world whose function throws whenever a request names what it must not. */
function throwingOn(isBad: (url: string) => boolean): { readonly world: World; readonly ports: SubmitPorts } {
  const world = createWorld({ answer: () => ({ kind: 'accepted', purgeId: 'p1' }) });
  const { log } = world.ports;
  const info: SubmitPorts['log']['info'] = (message, fields) => {
    const { fileUrls = [] } = fields as Partial<PurgeRequestBody>;
    if (fileUrls.some(isBad)) throw new TypeError('a fault that nobody foresaw');
    log.info(message, fields);
  };
  return { world, ports: { ...world.ports, log: { ...log, info } } };
}

test('a message that makes the batch throw comes again, and no other does', async () => {
  const { world, ports } = throwingOn((url) => url.endsWith('/7'));
  expect(await submitInHalves(messages, ports, options)).toEqual(['m7']);
  const lines = world.lines.filter(({ level }) => level === 'error');
  expect(lines.at(-1)?.fields).toMatchObject({ messages: 1, error: { name: 'TypeError' } });
});

test('where everything throws, halving ends soon and all come again', async () => {
  const { world, ports } = throwingOn(() => true);
  const many = Array.from({ length: 200 }, (_, page) => buffered(`m${page}`, `https://h.example/${page}`));
  expect(await submitInHalves(many, ports, options)).toHaveLength(200);
  expect(world.requests.length).toBeLessThan(250);
});
