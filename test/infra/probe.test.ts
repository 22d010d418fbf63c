import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Monitoring } from '../../infra/monitoring/monitoring.ts';
import { Probe } from '../../infra/pipeline/probe.ts';
import { dataProtection } from '../../infra/security/data-protection.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { allOf, permissionsOf, scratchFolder, templateOf } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

/** A function by the beginning of its description. */
function functionOf(template: Template, description: RegExp) {
  return allOf(template, 'AWS::Lambda::Function').find(({ Description = '' }) =>
    description.test(Description),
  );
}
const probeOf = (overrides: Partial<PurgerConfig> = {}) => functionOf(templateOf(overrides), /asks the edge/);
const tickOf = (overrides: Partial<PurgerConfig> = {}) =>
  functionOf(templateOf(overrides), /releases what is parked/);
describe('the function that probes', () => {
  it('is found by `tick`, answers before that has to end, and knows of nothing but edges', () => {
    const { Environment, Timeout } = probeOf() ?? {};
    const tick = tickOf();
    expect(tick?.Environment.Variables.PROBE_FUNCTION).toEqual({
      Ref: expect.stringMatching(/^PurgerProbeFunction/),
    });
    expect(tick?.Environment.Variables.VANTAGES).toBe(Environment.Variables.VANTAGES);
    expect(Timeout).toBeLessThan(tick?.Timeout);
    expect(Object.keys(Environment.Variables).toSorted()).toEqual(['PURGER_NAME', 'VANTAGES']);
  });

  it('asks where DNS leads, and edges of the target in addition', () => {
    const edges = ['203.0.113.7', 'edge.example.net:8443'];
    const { VANTAGES } = probeOf({ probe: { edges } })?.Environment.Variables ?? {};
    expect(JSON.parse(VANTAGES)).toEqual({ production: ['dns', ...edges], staging: [] });
  });

  it.each<[string, Partial<PurgerConfig>]>([
    ['the setting is off', { probe: false }],
    ['no rule is for objects', { buckets: [], rules: sampleConfig.rules.slice(1) }],
  ])('does not exist where %s', (_, overrides) => {
    expect(probeOf(overrides)).toBeUndefined();
    expect(tickOf(overrides)?.Environment.Variables).not.toHaveProperty('PROBE_FUNCTION');
    const mayInvoke = permissionsOf(templateOf(overrides), /releases what is parked/).filter((each) =>
      /Invoke/.test(each),
    );
    expect(mayInvoke).toEqual([]);
  });

  it('has the hosts that it may ask in its code, however many they are', () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `${'long-name-'.repeat(5)}${index}.example.com`);
    const app = new App({ outdir: scratchFolder(), builtinCloudFormationValidation: false });
    const stack = new Stack(app, 'Stack');
    const protection = dataProtection({}, 'production', undefined);
    const monitoring = new Monitoring(stack, 'Monitoring', {});
    new Probe(stack, 'Probe', {
      hosts,
      vantages: { production: ['dns'], staging: [] },
      protection,
      monitoring,
    });
    app.synth();
    const { S3Key } = functionOf(Template.fromStack(stack), /asks the edge/)?.Code ?? {};
    const hash = String(S3Key).replace(/\.zip$/, '');
    const file = join(app.outdir, `asset.${hash}`, 'hosts.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(hosts);
  });
});
