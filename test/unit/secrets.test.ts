import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { createSecretReader, secretsIn } from '../../functions/aws/secrets.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { webhookSigners } from '../../local/demo/webhook-signers.ts';
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

describe('the secrets in a value', () => {
  it.each([
    ['abc', ['abc']],
    ['abc\n', ['abc']],
    ['abc\r\n', ['abc']],
    [' abc ', [' abc ']],
    ['["new","old"]', ['new', 'old']],
    ['["new",""]', ['new']],
    ['{"secret":"abc"}', ['abc']],
    ['{"new":"a","old":"b"}', ['a', 'b']],
    ['[not json', ['[not json']],
    ['{"a":1}', ['{"a":1}']],
    ['[]', ['[]']],
    ['', []],
    ['\n', []],
  ])('in %j are %j', (value, secrets) => {
    expect(secretsIn(value)).toEqual(secrets);
  });
});

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
    const readSecrets = async (id: string, maxAgeMs?: number) => secretsIn(await reader.read(id, maxAgeMs));
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
    return { manager, deliver };
  };

  it('has no gap: with both secrets stored, both verify, and then only the new one', async () => {
    const { manager, deliver } = setUp('["old"]');
    expect(await deliver('old')).toBe(202);
    manager.value = '["new","old"]';
    manager.nowMs = 20_000;
    expect([await deliver('new'), await deliver('old')]).toEqual([202, 202]);
    manager.value = 'new';
    manager.nowMs = 400_000;
    expect([await deliver('new'), await deliver('old')]).toEqual([202, 401]);
  });

  it('takes effect with the first request that the old secret does not verify', async () => {
    const { manager, deliver } = setUp('old');
    expect(await deliver('old')).toBe(202);
    manager.value = 'new';
    manager.nowMs = 10_000;
    expect(await deliver('new')).toBe(202);
    expect(manager.asked).toBe(2);
  });

  it('does not let forgers have the secret read more often than every ten seconds', async () => {
    const { manager, deliver } = setUp('right');
    for (let ms = 0; ms < 60_000; ms += 100) {
      manager.nowMs = ms;
      expect(await deliver('wrong')).toBe(401);
    }
    expect(manager.asked).toBe(6);
  });
});
