import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSecretReader,
  createWebhookSecretReader,
  SecretError,
  webhookSecretsIn,
} from '../../functions/aws/secrets.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

/** A Secrets Manager of one secret, and how often it was asked. */
function createManager(value: string) {
  const manager = { value, asked: 0, fails: false, nowMs: 0 };
  const client = new SecretsManagerClient({ region: 'us-east-1' });
  client.send = (async (command: unknown) => {
    expect(command).toBeInstanceOf(GetSecretValueCommand);
    manager.asked++;
    if (manager.fails) throw new Error('throttled');
    return { SecretString: manager.value };
  }) as typeof client.send;
  return { manager, reader: createSecretReader(client, () => manager.nowMs) };
}

const random = 'gR7uY2kX9mQ4wZ1p';
const other = '0fB6tN8sJ3vC5hLd';

describe('the secrets of a webhook in a value', () => {
  const secretsIn = (value: string, acceptsTestSecrets = false) =>
    webhookSecretsIn('cms/hook', value, acceptsTestSecrets);

  it.each([
    [random, [random]],
    [`${random}\n`, [random]],
    [`${random}\r\n`, [random]],
    [` ${random} `, [` ${random} `]],
    [`["${random}","${other}"]`, [random, other]],
    [`{"secret":"${random}"}`, [random]],
    [`{"new":"${random}","old":"${other}"}`, [random, other]],
    [`{"current":"${random}","previous":"${other}"}`, [random, other]],
    [`[${random}`, [`[${random}`]],
    ['shpss_0123456789abcdef0123456789abcdef', ['shpss_0123456789abcdef0123456789abcdef']],
    [`whsec_${Buffer.from(random).toString('base64')}`, [`whsec_${Buffer.from(random).toString('base64')}`]],
  ])('in %j are %j', (value, secrets) => {
    expect(secretsIn(value)).toEqual({ secrets, issues: [] });
  });

  it.each(['[]', '{}', '[""]', '', ' ', '\n', ' '.repeat(32), '\t\t \n', 'null', '{"value":"x"}'])(
    'are not in %j, and the error names the secret and what was expected',
    (value) => {
      expect(() => secretsIn(value)).toThrow(SecretError);
      expect(() => secretsIn(value)).toThrow(/secret cms\/hook.* a string of 16 random bytes or more/);
    },
  );

  it.each([
    'a',
    'changeme',
    'whsec_QQ==',
    'fifteen-bytes-x',
    'changemechangeme',
    'your-webhook-secret-here',
    '<REPLACE_ME_WITH_YOUR_SECRET>',
    'password12345678',
    "It's a Secret to Everybody",
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    '0123456789abcdef',
    '1234567890123456',
    'abcdefghijklmnopqrstuvwxyz',
    'abababababababababab',
    'x'.repeat(64),
    `whsec_${'A'.repeat(43)}=`,
  ])('do not hold %j, which anybody can guess', (value) => {
    expect(() => secretsIn(value)).toThrow(SecretError);
    expect(() => secretsIn(JSON.stringify([value]))).toThrow(SecretError);
  });

  it.each(Object.keys(webhookSigners))(
    'do not hold the test secret of %s, but on the local stack',
    (source) => {
      const secret = testSecretOf(source);
      for (const value of [secret, `${secret}\n`, JSON.stringify({ secret })]) {
        expect(() => secretsIn(value)).toThrow('it is a test secret of the local stack');
      }
      expect(secretsIn(secret, true).secrets).toEqual([secret.replace(/\n$/, '')]);
    },
  );

  it.each([
    ['a string', '"b"'],
    ['a number', '1'],
    ['nothing', 'null'],
  ])(
    'of a list are those that are secrets: %s next to one is refused, and named without its value',
    (_, part) => {
      const { secrets, issues } = secretsIn(`["${random}",${part}]`);
      expect(secrets).toEqual([random]);
      expect(issues).toEqual([
        expect.stringMatching(/^Expected item 2 of the secret cms\/hook to be a string of 16/),
      ]);
    },
  );

  it('are in no other field of an object: a user name opens nothing', () => {
    const value = JSON.stringify({
      username: 'administrator-of-all',
      host: 'db.example.com.internal',
      secret: random,
    });
    expect(secretsIn(value)).toEqual({ secrets: [random], issues: [] });
    const withoutSecret = JSON.stringify({ username: 'administrator-of-all', password: other });
    expect(() => secretsIn(withoutSecret)).toThrow(
      'Expected the secret cms/hook to hold a string of 16 random bytes or more, or a JSON list of such strings, or an object with secret, new, current, old, previous; got none',
    );
  });

  it('are never in an error', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 9, maxLength: 15, unit: fc.constantFrom(...'QWXZ@%!') }), (weak) => {
        for (const value of [weak, JSON.stringify([weak]), JSON.stringify({ secret: weak, other: weak })]) {
          const error = catchError(() => secretsIn(value));
          expect(error).toBeInstanceOf(SecretError);
          expect(String(error)).not.toContain(weak);
        }
      }),
    );
  });

  it('are refused by chance practically never where they are random', () => {
    const alphabets = [
      '0123456789abcdef',
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
    ];
    const anyRandom = fc
      .constantFrom(...alphabets)
      .chain((alphabet) => fc.string({ unit: fc.constantFrom(...alphabet), minLength: 24, maxLength: 44 }));
    fc.assert(fc.property(fc.noBias(anyRandom), (secret) => secretsIn(secret).secrets.includes(secret)));
  });
});

function catchError(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe('a secret that is read', () => {
  it('is kept for five minutes, and for as long as one wants', async () => {
    const { manager, reader } = createManager('a');
    expect(await reader.read('s')).toBe('a');
    manager.value = 'b';
    manager.nowMs = 299_999;
    expect(await reader.read('s')).toBe('a');
    expect(await reader.read('s', 10_000)).toBe('b');
    manager.nowMs += 300_000;
    await reader.read('s');
    expect(manager.asked).toBe(3);
  });

  it('is used for an hour while Secrets Manager fails, which is asked no more often for that', async () => {
    const { manager, reader } = createManager('a');
    await reader.read('s');
    manager.fails = true;
    manager.nowMs = 300_000;
    expect([await reader.read('s'), await reader.read('s'), await reader.read('s', 10_000)]).toEqual([
      'a',
      'a',
      'a',
    ]);
    expect(manager.asked).toBe(2);
    manager.nowMs = 3_600_001;
    await expect(reader.read('s')).rejects.toThrow('throttled');
  });

  it('that never was read fails', async () => {
    const { manager, reader } = createManager('a');
    manager.fails = true;
    await expect(reader.read('s')).rejects.toThrow('throttled');
  });
});

describe('rotation', () => {
  const body = JSON.stringify({ event: 'entry.publish', model: 'a', entry: { id: 1, slug: 'hello' } });
  const setUp = (value: string, secretIds = ['s']) => {
    const { manager, reader } = createManager(value);
    const world = createWebhookWorld({
      webhooks: { strapi: { source: 'strapi', secretIds } },
      rules: [{ match: { source: 'strapi' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } }],
      secrets: {},
    });
    const refused: string[] = [];
    const readSecrets = createWebhookSecretReader(reader, false, (id) => void refused.push(id));
    const deliver = async (secret: string) => {
      const signed = webhookSigners.strapi?.({ body, nowMs: 0, path: '/webhooks/strapi', secret });
      const request = {
        method: 'POST',
        path: '/webhooks/strapi',
        headers: signed?.headers ?? {},
        body: Buffer.from(body),
      };
      return (await receiveWebhook('strapi', request, { ...world.ports, readSecrets })).statusCode;
    };
    return { manager, deliver, refused };
  };

  it('has no gap: with both secrets stored, both verify, and then only the new one', async () => {
    const { manager, deliver } = setUp(`["${other}"]`);
    expect(await deliver(other)).toBe(202);
    manager.value = `["${random}","${other}"]`;
    manager.nowMs = 20_000;
    expect([await deliver(random), await deliver(other)]).toEqual([202, 202]);
    manager.value = random;
    manager.nowMs = 400_000;
    expect([await deliver(random), await deliver(other)]).toEqual([202, 401]);
  });

  it('takes effect with the first request that the old secret does not verify', async () => {
    const { manager, deliver } = setUp(other);
    expect(await deliver(other)).toBe(202);
    manager.value = random;
    manager.nowMs = 10_000;
    expect(await deliver(random)).toBe(202);
    expect(manager.asked).toBe(2);
  });

  it('does not let forgers have the secret read more often than every ten seconds', async () => {
    const { manager, deliver } = setUp(random);
    for (let ms = 0; ms < 60_000; ms += 100) {
      manager.nowMs = ms;
      expect(await deliver('wrong')).toBe(401);
    }
    expect(manager.asked).toBe(6);
  });

  it('to nothing, or to what anybody can guess, lets nobody in and has the sender try again', async () => {
    const { manager, deliver } = setUp(other);
    expect(await deliver(other)).toBe(202);
    for (const value of ['[]', '{}', 'changeme', ' ', '{"username":"admin"}']) {
      manager.value = value;
      manager.nowMs += 400_000;
      for (const forged of [value, 'admin', other]) expect(await deliver(forged)).toBe(503);
    }
    manager.value = random;
    manager.nowMs += 400_000;
    expect(await deliver(random)).toBe(202);
  });

  it('to a list of which one is refused goes on with the others, and says so once', async () => {
    const { deliver, refused } = setUp(`["${random}","admin"]`);
    expect([await deliver('admin'), await deliver(random), await deliver(random)]).toEqual([401, 202, 202]);
    expect(refused).toEqual(['s']);
  });
});

describe('of several secrets', () => {
  const webhooks = { strapi: { source: 'strapi', secretIds: ['good', 'away'] } };
  const world = createWebhookWorld({
    webhooks,
    rules: [{ match: { source: 'strapi' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } }],
    secrets: { good: random },
  });
  const body = Buffer.from(
    JSON.stringify({ event: 'entry.publish', model: 'a', entry: { id: 1, slug: 'hello' } }),
  );
  const deliver = async (authorization: string) =>
    (
      await receiveWebhook(
        'strapi',
        { method: 'POST', path: '/webhooks/strapi', headers: { authorization }, body },
        world.ports,
      )
    ).statusCode;

  it('one that cannot be read holds up only what the others do not verify', async () => {
    expect([await deliver(random), await deliver(other)]).toEqual([202, 503]);
  });
});
