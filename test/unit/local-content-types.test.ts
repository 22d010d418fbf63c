import { buildApp } from 'fauxqs';
import { expect, test } from 'vitest';
import { allowAnyContentType } from '../../local/aws/emulators/any-content-type.ts';

test.each([
  'application/x-www-form-urlencoded',
  'application/x-amz-json-1.0',
  'application/json',
  'text/html; charset=utf-8',
  'image/svg+xml',
])('an object of the type %s is stored as it was sent', async (type) => {
  const app = buildApp({ logger: false });
  allowAnyContentType(app);
  await app.inject({ method: 'PUT', url: '/site' });
  const headers = { 'content-type': type };
  const put = await app.inject({ method: 'PUT', url: '/site/a.html', headers, payload: 'a=b&{' });
  const got = await app.inject({ method: 'GET', url: '/site/a.html' });
  expect([put.statusCode, got.headers['content-type'], got.payload]).toEqual([200, type, 'a=b&{']);
  await app.close();
});
