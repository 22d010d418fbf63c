import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { signRequest } from '../../functions/cdn-pro/auth.ts';
import { AwsTestStack } from '../aws/test-stack.ts';
import type { TestStackSettings } from '../aws/test-stack-settings.ts';
import { awsRules } from '../helpers/aws-limits/all-rules.ts';
import { renderedResources } from '../helpers/aws-limits/rendered.ts';
import { allOf, eventRulesOf, unbundledApp } from '../helpers/purger-stack.ts';

const settings: TestStackSettings = {
  stackName: 'cdn-purger-test-x1',
  target: 'staging',
  host: 'www.example.com',
  credentials: 'cdn-purger-test-x1/cdn-pro',
  webhookSecret: 'cdn-purger-test-x1/webhook',
};

function templateWith(own: Partial<TestStackSettings>): Template {
  const app = unbundledApp();
  return Template.fromStack(new AwsTestStack(app, 'Test', { ...settings, ...own }));
}

test('there are variants with a key of the customer, and with more rules than a policy has statements', () => {
  const withKey = templateWith({ standInKey: 'key', variant: 'key' });
  for (const { KmsMasterKeyId } of allOf(withKey, 'AWS::SQS::Queue')) expect(KmsMasterKeyId).toBeDefined();
  expect(allOf(withKey, 'AWS::KMS::Key')).toMatchObject([{ PendingWindowInDays: 7 }]);
  const many = templateWith({ standInKey: 'key', variant: 'prefixes' });
  expect(eventRulesOf(many)).toHaveLength(25);
  for (const template of [withKey, many]) {
    const resources = renderedResources(template);
    expect(awsRules.flatMap(({ broken }) => broken(resources))).toEqual([]);
  }
});

test('without a CDN Pro, submit talks to the stand-in, which may write what it accepts and nothing else', () => {
  const template = templateWith({ standInKey: 'key' });
  template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'NONE' });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: { CDN_PRO_ENDPOINT: { 'Fn::Join': ['', ['https://', Match.anyValue()]] } },
    },
  });
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const [, standIn] = policies.find(([id]) => id.startsWith('StandIn')) ?? [];
  const actions = JSON.stringify(standIn?.Properties.PolicyDocument.Statement);
  expect(actions).toContain('s3:PutObject');
  expect(actions).toContain('/accepted/*');
  expect(actions).not.toContain('s3:GetObject"');
});

test("with the user's CDN Pro there is no stand-in", () => {
  const template = templateWith({ endpoint: 'https://api.cdnetworks.com' });
  template.resourceCountIs('AWS::Lambda::Url', 0);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { CDN_PRO_ENDPOINT: 'https://api.cdnetworks.com' } },
  });
});

test.each(['staging', 'production'] as const)('nothing stays in the account with the target %s', (target) => {
  const { Resources } = templateWith({ target, standInKey: 'key' }).toJSON() as {
    Resources: Record<string, { Type: string; DeletionPolicy?: string; Properties: object }>;
  };
  expect(Object.values(Resources).find(({ Type }) => Type === 'AWS::S3::Bucket')).toMatchObject({
    DeletionPolicy: 'Delete',
  });
  const kept = Object.entries(Resources).filter(([, { DeletionPolicy = '' }]) =>
    /Retain/.test(DeletionPolicy),
  );
  expect(kept).toEqual([]);
  // Lambda makes the log group of a function that has none in the stack, and nobody removes it.
  const functions = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  expect(functions.length).toBeGreaterThan(4);
  for (const { Properties } of functions) expect(Properties).toHaveProperty('LoggingConfig.LogGroup');
});

test('objects come both by EventBridge and by the queue that the bucket notifies', () => {
  const template = templateWith({});
  expect(eventRulesOf(template)).toHaveLength(1);
  template.resourceCountIs('AWS::Lambda::EventSourceMapping', 2);
});

/** The stand-in's handler, with an S3 that keeps what is put. */
function loadStandIn() {
  const puts: { Key: string; Body: string }[] = [];
  const source = readFileSync(new URL('../aws/stand-in.cjs', import.meta.url), 'utf8');
  const load = createRequire(import.meta.url);
  const modules: Record<string, unknown> = {
    '@aws-sdk/client-s3': {
      S3Client: class {
        async send(command: { input: { Key: string; Body: string } }) {
          puts.push(command.input);
        }
      },
      PutObjectCommand: class {
        readonly input: unknown;
        constructor(input: unknown) {
          this.input = input;
        }
      },
    },
  };
  const exports: { handler?: (event: unknown) => Promise<{ statusCode: number }> } = {};
  const environment = { env: { SECRET_KEY: 'key', BUCKET: 'bucket' } };
  new Function('require', 'exports', 'process', source)(
    (name: string) => modules[name] ?? load(name),
    exports,
    environment,
  );
  return { puts, handle: exports.handler ?? (() => Promise.reject(new Error('Expected a handler'))) };
}

test.each([
  ['the key of the run', 'key', 201, 1],
  ['another key', 'other', 401, 0],
])('the stand-in answers what is signed with %s with its due', async (_, secretKey, status, kept) => {
  const { puts, handle } = loadStandIn();
  const body = JSON.stringify({ fileUrls: ['https://www.example.com/a'] });
  const url = new URL('https://abc.lambda-url.eu-central-1.on.aws/cdn/purges');
  const contentType = 'application/json';
  const credentials = { kind: 'access-key', accessKey: 'test', secretKey } as const;
  const headers = signRequest({ method: 'POST', url, contentType, body }, credentials, Date.now());
  const { statusCode } = await handle({
    requestContext: { http: { method: 'POST' } },
    rawPath: url.pathname,
    headers: { ...headers, host: url.host, 'content-type': contentType },
    body,
    isBase64Encoded: false,
  });
  expect(statusCode).toBe(status);
  expect(puts).toHaveLength(kept);
});
