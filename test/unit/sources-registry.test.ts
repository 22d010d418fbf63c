import { describe, expect, it } from 'vitest';
import { findSource, webhookSources } from '../../functions/sources/registry.ts';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';

describe('the registry of sources', () => {
  it('holds each source under its own name', () => {
    expect(Object.keys(webhookSources)).toHaveLength(24);
    for (const [name, source] of Object.entries(webhookSources)) {
      expect(source.name).toBe(name);
      expect(findSource(name)).toBe(source);
    }
  });

  it('has a signer and a test secret for each in the local stack', () => {
    const names = Object.keys(webhookSources);
    expect(Object.keys(webhookSigners).toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(testSecretOf(name)).not.toBe('');
  });

  it.each(['', 's3', 'sns', 'Contentful', 'contentful ', '__proto__', 'constructor', 'toString'])(
    'has no source named %j',
    (name) => {
      expect(findSource(name)).toBeUndefined();
    },
  );
});
