import { inflateRawSync } from 'node:zlib';
import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { expect, test } from 'vitest';
import { readWebhooks } from '../../functions/receive-webhook/webhook-config.ts';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { webhookSourceNames } from '../../infra/settings/sources/webhook-settings.ts';
import { Webhook } from '../../infra/webhook.ts';
import { templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const verification = { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' } as const;

/** One webhook of every source. */
const all: NonNullable<PurgerConfig['webhooks']> = webhookSourceNames.map((source) => {
  const secret = `cdn-pro-purger/${source}`;
  if (source === 'generic') return { source, secret, verification };
  return source === 'contentstack' ? { source, secret, stack: 'blt0000000000000022' } : { source, secret };
});
const rules = webhookSourceNames.map((source) => ({
  match: { source },
  purge: { fileUrls: ['https://www.example.com/{id}'] },
}));

function variablesOf(overrides: Partial<PurgerConfig>) {
  const [fn] = Object.values(
    templateOf({ buckets: [], ...overrides }).findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp('webhooks') },
    }),
  );
  const { WEBHOOKS, WEBHOOK_SECRET_IDS } = fn?.Properties.Environment.Variables ?? {};
  return { webhooks: WEBHOOKS as string, secretIds: JSON.parse(WEBHOOK_SECRET_IDS) as string[] };
}

test('every source can be received at once, inside the 4 KB of an environment', () => {
  const { webhooks, secretIds } = variablesOf({ webhooks: all, rules });
  expect(webhooks.length).toBeLessThan(1000);
  const read = readWebhooks(webhooks, secretIds);
  expect(Object.keys(read)).toEqual(webhookSourceNames);
  expect(read.github).toEqual({ source: 'github', secretIds: ['cdn-pro-purger/github'] });
  expect(read.generic).toMatchObject({ options: { verification } });
});

test('a webhook has its options, its memory and several secrets, each of which the function may read', () => {
  const secret = ['new', 'old'];
  const webhooks = [{ source: 'ghost', name: 'blog', secret, rememberDays: 30, drafts: true }] as const;
  const [, , rule] = rules;
  const ghost = rule === undefined ? [] : [{ ...rule, match: { source: 'ghost' } }];
  const { webhooks: text, secretIds } = variablesOf({ webhooks, rules: ghost });
  expect(readWebhooks(text, secretIds)).toEqual({
    blog: {
      source: 'ghost',
      secretIds: ['new', 'old'],
      rememberDays: 30,
      options: { drafts: true },
    },
  });
});

test('a long configuration is compressed', () => {
  const payload = { action: 'event', deletes: Array.from({ length: 200 }, (_, index) => `deleted-${index}`) };
  const webhooks = [{ source: 'generic', secret: 's', verification, payload }] as const;
  const { webhooks: text, secretIds } = variablesOf({
    webhooks,
    rules: [{ match: { source: 'generic' }, purge: { fileUrls: ['https://www.example.com/{id}'] } }],
  });
  expect(text.startsWith('deflate:')).toBe(true);
  expect(inflateRawSync(Buffer.from(text.slice(8), 'base64')).toString()).toContain('deleted-199');
  expect(readWebhooks(text, secretIds).generic?.options?.payload).toEqual(payload);
});

test('more webhooks than an environment has room for are refused', () => {
  const receiving = (count: number, nameLength: number) => () =>
    templateOf({
      buckets: [],
      webhooks: Array.from({ length: count }, (_, index) => ({
        source: 'contentful',
        name: `space-${index}`,
        secret: `${index}`.padStart(nameLength, 's'),
      })),
      rules: [{ match: { source: 'contentful' }, purge: { dirUrls: ['https://www.example.com/*'] } }],
    });
  const message =
    /`webhooks`: expected an environment of receive-webhook of at most 4096 bytes, got up to 4\d\d\d/;
  expect(receiving(7, 430)).not.toThrow();
  expect(receiving(8, 430)).toThrow(message);
  expect(receiving(40, 20)).not.toThrow();
  expect(receiving(120, 20)).toThrow(message);
});

test.each([
  [{ source: 'ghost', secret: 'x', draft: true }, 'unknown field `draft` (did you mean `drafts`?)'],
  [{ source: 'github', secret: 'x', files: ['content/{+slug'] }, '`webhooks[0].files[0]`'],
  [
    { source: 'sanity', secret: '' },
    '`webhooks[0].secret`: expected the name of a secret (letters, digits and "/_+=.@!-"), or its whole ARN with the six characters at its end, got ""',
  ],
  [{ source: 'sanity', secret: [] }, '`webhooks[0].secret`: expected a secret at least, got a list of 0'],
  [{ source: 'sanity', secret: 5 }, '`webhooks[0].secret`: expected the name or ARN of a secret'],
  [
    { source: 'generic', secret: 'x' },
    '`webhooks[0].verification`: expected {kind: "hmac", …} or {kind: "secret", …}, got nothing',
  ],
  [
    { source: 'strapi', secret: 'x', rememberDays: -1 },
    '`webhooks[0].rememberDays`: expected a whole number from 0 to 3650, got -1',
  ],
  [{ source: 'strapi', secret: 'x', name: 'a b' }, '`webhooks[0].name`: expected 1 to 64 letters'],
  [{ source: 'sns', secret: 'x' }, '`webhooks[0].source`: "sns" is retired: name the topic in `topics`'],
  [{ source: 'ghost', secret: 'x', legacySignatures: true }, 'unknown field `legacySignatures`'],
  [{ source: 'wp-webhooks', secret: 'x', edition: 'pro' }, 'unknown field `edition`'],
  [{ source: 'contentful', secret: 'x', branches: ['main'] }, 'unknown field `branches`'],
])('a webhook with an issue is refused: %j', (webhook, message) => {
  expect(() => checkConfig({ ...sampleConfig, webhooks: [webhook] })).toThrow(message);
});

test('each source has a factory, whose options are those of the source', () => {
  const stack = new Stack(new App(), 'Mine');
  const secret = Secret.fromSecretNameV2(stack, 'Secret', 'x');
  const webhooks = [
    Webhook.bitbucket({ secret, branches: ['live'] }),
    Webhook.builderIo({ secret, header: 'X-Token' }),
    Webhook.contentful({ secret, environments: ['live'] }),
    Webhook.contentstack({ secret, stack: 'blt0000000000000022' }),
    Webhook.datocms({ secret }),
    Webhook.directus({ secret }),
    Webhook.drupal({ secret }),
    Webhook.generic({ secret, verification }),
    Webhook.ghost({ secret, drafts: true }),
    Webhook.gitea({ secret }),
    Webhook.github({ secret, branches: ['live'], files: ['content/{+slug}.md'] }),
    Webhook.gitlab({ secret }),
    Webhook.hygraph({ secret }),
    Webhook.kontentAi({ secret }),
    Webhook.payload({ secret }),
    Webhook.prismic({ secret, sweep: false }),
    Webhook.sanity({ secret: [secret, Secret.fromSecretNameV2(stack, 'Old', 'y')], drafts: true }),
    Webhook.shopify({ secret }),
    Webhook.standardWebhooks({ secret }),
    Webhook.storyblok({ secret }),
    Webhook.strapi({ secret, rememberDays: 0 }),
    Webhook.woocommerce({ secret }),
    Webhook.wordpress({ secret }),
    Webhook.wpWebhooks({ secret }),
  ];
  expect(webhooks.map(({ source }) => source)).toEqual(webhookSourceNames);
  expect(webhooks[1]?.options).toEqual({ header: 'x-token' });
  expect(webhooks.every((webhook) => webhook instanceof Webhook)).toBe(true);
  expect(() => Webhook.of('ghost', { secret, name: 'a/b' })).toThrow('`name`: expected 1 to 64 letters');
});

test('the header that holds the secret may be spelled as its sender shows it, and reaches the function as Lambda has it', () => {
  const secretIn = (name: string) => ({ kind: 'secret', in: 'header', name }) as const;
  const webhooks = [
    { source: 'generic', secret: 'generic', verification: secretIn('X-Webhook-Token') },
  ] as const;
  const own = { webhooks, rules: rules.filter(({ match }) => match.source === 'generic') };
  const { webhooks: written, secretIds } = variablesOf(own);
  expect(readWebhooks(written, secretIds).generic?.options?.verification).toEqual(
    secretIn('x-webhook-token'),
  );
  const secret = Secret.fromSecretNameV2(new Stack(new App(), 'Mine'), 'Secret', 'x');
  expect(Webhook.generic({ secret, verification: secretIn('X-Token') }).options.verification).toEqual(
    secretIn('x-token'),
  );
  // With an underscore or a dot as well, which few have.
  expect(Webhook.generic({ secret, verification: secretIn('X_Token.v1') }).options.verification).toEqual(
    secretIn('x_token.v1'),
  );
  expect(() => Webhook.generic({ secret, verification: secretIn('X Token') })).toThrow(
    '`verification.name`: expected a header name, got "X Token"',
  );
  const query = { kind: 'secret', in: 'query', name: 'Token' } as const;
  expect(Webhook.generic({ secret, verification: query }).options.verification).toEqual(query);
});

test.each<[object, object, string]>([
  [
    { template: '{timestamp}.{body}' },
    {},
    'verification.timestamp`: expected where `{timestamp}` is, which `template` signs',
  ],
  [{ template: '{id}.{body}' }, {}, 'verification.id`: expected where `{id}` is, which `template` signs'],
  [
    { template: '{timestamp}.{body}', timestamp: {} },
    {},
    'verification.timestamp`: expected `header` or `parameter`, got neither',
  ],
  [
    { template: '{timestamp}.{body}', timestamp: { parameter: 't' } },
    {},
    'verification.timestamp.parameter`: expected `parameter` of the signature, too',
  ],
  [{}, { payload: { puts: ['publish'] } }, 'payload.puts`: expected `action` with it'],
  [{}, { payload: { deletes: ['unpublish'] } }, 'payload.deletes`: expected `action` with it'],
  [{}, { environments: ['main'] }, 'environments`: expected `payload.environment` with it'],
])(
  'a generic webhook that would take no delivery for what it is, is refused: %j %j',
  (scheme, more, issue) => {
    const options = { verification: { ...verification, ...scheme }, ...more };
    const webhooks = [{ source: 'generic', secret: 'x', ...options }];
    const own = rules.filter(({ match }) => match.source === 'generic');
    expect(() => checkConfig({ ...sampleConfig, buckets: [], rules: own, webhooks })).toThrow(
      `- \`webhooks[0].${issue}`,
    );
    const secret = Secret.fromSecretNameV2(new Stack(new App(), 'Mine'), 'Secret', 'x');
    expect(() => Webhook.generic({ secret, ...options })).toThrow(`- \`${issue}`);
  },
);

test('and one that says where all of it is, is not', () => {
  const options = {
    verification: {
      ...verification,
      template: '{id}.{timestamp}.{body}',
      parameter: 'v1',
      id: 'x-id',
      timestamp: { parameter: 't' },
    },
    environments: ['main'],
    payload: { environment: 'env', action: 'event', puts: ['publish'] },
  } as const;
  const secret = Secret.fromSecretNameV2(new Stack(new App(), 'Mine'), 'Secret', 'x');
  expect(Webhook.generic({ secret, ...options }).options).toEqual(options);
  expect(() => Webhook.generic({ secret, verification, environments: ['*'] })).not.toThrow();
});

test("a webhook's options are checked, by the compiler and at synthesis", () => {
  const secret = Secret.fromSecretNameV2(new Stack(new App(), 'Mine'), 'Secret', 'x');
  // @ts-expect-error: Ghost has no branches
  expect(() => Webhook.ghost({ secret, branches: ['main'] })).toThrow('unknown field `branches`');
  // @ts-expect-error: nor by its name
  expect(() => Webhook.of('ghost', { secret, branches: ['main'] })).toThrow('unknown field `branches`');
  // @ts-expect-error: there is no such source
  expect(() => Webhook.of('wordpres', { secret })).toThrow(
    'expected the name of a source, got "wordpres" (did you mean `wordpress`?)',
  );
  // @ts-expect-error: it is retired
  expect(() => Webhook.of('sns', { secret })).toThrow('"sns" is retired: name the topic in `topics`');
  expect(() => Webhook.ghost({ secret: [] })).toThrow('`secret`: expected a secret, got a list of 0');
});

test('options that only the deployment knows reach the function, however many webhooks there are', () => {
  const stack = new Stack(unbundledApp(), 'Site');
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: [{ match: { source: 'contentstack' }, purge: { fileUrls: ['https://www.example.com/{id}'] } }],
  });
  const apiKey = new CfnParameter(stack, 'ApiKey').valueAsString;
  const secret = Secret.fromSecretNameV2(stack, 'Contentstack', 'contentstack');
  const names = Array.from({ length: 12 }, (_, index) => `contentstack-of-team-${index}`);
  for (const name of names) purger.receiveWebhook(Webhook.contentstack({ name, secret, stack: apiKey }));
  const [fn] = Object.values(
    Template.fromStack(stack).findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp('webhooks') },
    }),
  );
  const parts = fn?.Properties.Environment.Variables.WEBHOOKS['Fn::Join'][1] as readonly unknown[];
  const written = parts.map((part) => (typeof part === 'string' ? part : 'blt0000000000000022')).join('');
  expect(parts).toContainEqual({ Ref: 'ApiKey' });
  const read = readWebhooks(written, ['contentstack']);
  expect(Object.keys(read)).toEqual(names);
  for (const { options } of Object.values(read)) expect(options).toEqual({ stack: 'blt0000000000000022' });
});
