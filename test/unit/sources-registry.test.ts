import { describe, expect, it } from 'vitest';
import { findSource, webhookSources } from '../../functions/sources/registry.ts';

describe('the registry of sources', () => {
  it('holds each source under its own name', () => {
    expect(Object.keys(webhookSources).sort()).toEqual(['contentful', 'standard-webhooks']);
    for (const [name, source] of Object.entries(webhookSources)) {
      expect(source.name).toBe(name);
      expect(findSource(name)).toBe(source);
    }
  });

  it.each(['', 's3', 'Contentful', 'contentful ', '__proto__', 'constructor', 'toString'])(
    'has no source named %j',
    (name) => {
      expect(findSource(name)).toBeUndefined();
    },
  );
});
