import { describe, expect, it } from 'vitest';
import { findSecret } from '../../local/aws/emulators/secrets.ts';

const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:cdn-pro/api';

function find(secretId: string, secrets: Record<string, string>) {
  return findSecret(secretId, 'us-east-1', (id) => secrets[id]);
}

describe('findSecret', () => {
  it.each(['cdn-pro/api', arn, `${arn}-AbCdEf`])('finds a value by name when asked for %s', (secretId) => {
    expect(find(secretId, { 'cdn-pro/api': 'given' })).toMatchObject({ value: 'given', name: 'cdn-pro/api' });
  });

  it('finds a value by ARN', () => {
    expect(find(arn, { [arn]: 'given' })).toEqual({ arn, name: 'cdn-pro/api', value: 'given' });
  });

  it('makes an ARN for a name', () => {
    expect(find('other', { other: 'given' })?.arn).toMatch(
      /^arn:aws:secretsmanager:us-east-1:\d{12}:secret:other-\w{6}$/,
    );
  });

  it.each(['unknown', 'cdn-pro', `${arn}/more`])('does not find %s', (secretId) => {
    expect(find(secretId, { 'cdn-pro/api': 'given' })).toBeUndefined();
  });
});
