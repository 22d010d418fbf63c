import { describe, expect, it } from 'vitest';
import { findSecret } from '../../local/aws/emulators/secrets.ts';

const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:cdn-pro/api';
const declared = [{ arn: `${arn}-AbCdEf`, name: 'cdn-pro/api', value: 'from the template' }];

function find(secretId: string, given: Record<string, string> = {}, inTemplate = declared) {
  return findSecret(secretId, { region: 'us-east-1', given: (id) => given[id], declared: inTemplate });
}

describe('findSecret', () => {
  it.each(['cdn-pro/api', arn, `${arn}-AbCdEf`])('finds a declared secret by %s', (secretId) => {
    expect(find(secretId)).toEqual(declared[0]);
  });

  it.each(['cdn-pro/api', arn, `${arn}-AbCdEf`])(
    'finds a value given by name when asked for %s',
    (secretId) => {
      expect(find(secretId, { 'cdn-pro/api': 'given' }, [])).toMatchObject({
        value: 'given',
        name: 'cdn-pro/api',
      });
    },
  );

  it('finds a value given by ARN', () => {
    expect(find(arn, { [arn]: 'given' }, [])).toEqual({ arn, name: 'cdn-pro/api', value: 'given' });
  });

  it('prefers a given value, and keeps the name and ARN of the template', () => {
    expect(find('cdn-pro/api', { 'cdn-pro/api': 'given' })).toEqual({ ...declared[0], value: 'given' });
  });

  it('makes up an ARN for a secret that is only given', () => {
    expect(find('other', { other: 'given' })?.arn).toMatch(
      /^arn:aws:secretsmanager:us-east-1:\d{12}:secret:other-\w{6}$/,
    );
  });

  it.each(['unknown', 'cdn-pro', `${arn}/more`])('knows nothing of %s', (secretId) => {
    expect(find(secretId)).toBeUndefined();
  });
});
