import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { genuineDeliveries } from '../helpers/hostile-deliveries.ts';
import { createSender } from '../helpers/webhook-sender.ts';

const urls = ['https://www.example.com/{+path}'];
const { body } = genuineDeliveries.contentstack ?? { body: {} };

describe('a webhook whose vendor signs for all of its customers with one key', () => {
  it.each([
    ['its own stack', 'blt0000000000000022', 202],
    ['one of its stacks', ['blt1', 'blt0000000000000022'], 202],
    ['another stack', 'blt1', 401],
    ['no stack', undefined, 401],
    ['an empty list of stacks', [], 401],
  ])('with %s is answered accordingly', async (_, stack, status) => {
    const { deliver } = createSender('contentstack', { urls, options: stack === undefined ? {} : { stack } });
    expect((await deliver({ body })).status).toBe(status);
  });

  it('takes no stack from anywhere but what is signed', async () => {
    const { deliver } = createSender('contentstack', { urls, options: { stack: 'blt1' } });
    const stranger = { ...body, data: { ...(body.data as object), api_key: 'blt1' }, stack: 'blt1' };
    expect((await deliver({ body: stranger, headers: { api_key: 'blt1', stack: 'blt1' } })).status).toBe(401);
  });

  it.each([
    [undefined, '`webhooks[0].stack`: expected the API key of a stack, or a list of them, got nothing'],
    ['', 'expected the API key of a stack'],
    [[], 'expected a stack at least, got a list of 0'],
  ])('is refused at synth with `stack` %j', (stack, message) => {
    const config = {
      credentials: 'cdn-pro/api',
      target: 'production',
      webhooks: [{ source: 'contentstack', secret: 'x/contentstack', ...(stack !== undefined && { stack }) }],
      rules: [{ match: { source: 'contentstack' }, purge: { fileUrls: urls } }],
    };
    expect(() => checkConfig(config)).toThrow(message);
  });
});

describe('a timestamp of a generic webhook', () => {
  const configOf = (template?: string) => ({
    credentials: 'cdn-pro/api',
    target: 'production',
    webhooks: [
      {
        source: 'generic',
        secret: 'x/generic',
        verification: {
          kind: 'hmac',
          header: 'x-signature',
          ...(template !== undefined && { template }),
          timestamp: { header: 'x-time' },
        },
      },
    ],
    rules: [{ match: { source: 'generic' }, purge: { fileUrls: ['https://www.example.com/{id}'] } }],
  });

  it.each([undefined, '{body}', '{id}.{body}'])('is refused where %j does not sign it', (template) => {
    expect(() => checkConfig(configOf(template))).toThrow(
      'expected `{timestamp}` in `template`, since a time that is not signed proves nothing',
    );
  });

  it('is accepted where it is signed', () => {
    expect(() => checkConfig(configOf('{timestamp}.{body}'))).not.toThrow();
  });
});
