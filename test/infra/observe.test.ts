import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { alarmNames } from '../../infra/settings/alarm-settings.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { checkSettings, mappingOf } from '../../infra/settings/settings.ts';
import { allOf, stackOf } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';
import { alarmsOf } from '../helpers/watched-metrics.ts';

const stack = stackOf({ mode: 'observe', dashboard: true });
const template = Template.fromStack(stack);

describe('a purger that observes', () => {
  test('says at synth that nothing is purged, not even takedowns', () => {
    const [warning] = Annotations.fromStack(stack).findWarning(
      '*',
      Match.stringLikeRegexp('nothing is purged, not even takedowns.*cdn-pro-purger:observe'),
    );
    expect(warning).toBeDefined();
    const purging = stackOf();
    expect(Annotations.fromStack(purging).findWarning('*', Match.stringLikeRegexp('observe'))).toEqual([]);
  });

  test('tells submit alone to send nothing', () => {
    const observing = allOf(template, 'AWS::Lambda::Function').filter(
      ({ Environment }) => Environment?.Variables?.MODE !== undefined,
    );
    expect(observing.map(({ Environment }) => Environment.Variables.MODE)).toEqual(['observe']);
    expect(observing[0]?.Description).toContain('purge requests');
    const variables = allOf(Template.fromStack(stackOf()), 'AWS::Lambda::Function').map(
      ({ Environment }) => Environment?.Variables?.MODE,
    );
    expect(new Set(variables)).toEqual(new Set([undefined]));
  });

  test('has the alarms of its functions and queues, and none about content or limits', () => {
    const named = [...alarmsOf(template).values()].map(
      ({ AlarmDescription }) => /#([a-z-]+)$/.exec(AlarmDescription)?.[1],
    );
    const about = [
      'freshness',
      'credentials-refused',
      'throttled',
      'budget-used',
      'entries-rejected',
      'refused-alike',
      'people-waiting',
      'tokens-used',
      'bulk-waiting',
      'tokens-miscounted',
    ];
    for (const name of about) expect(alarmNames).toContain(name);
    for (const name of about.slice(1)) expect(named).not.toContain(name);
    expect(JSON.stringify([...alarmsOf(template).values()])).not.toContain('FreshnessSeconds');
    for (const name of ['dead-letters', 'submit-errors', 'tick-errors']) expect(named).toContain(name);
  });

  test('says so in the parameter that the command line reads, and on the dashboard', () => {
    expect(JSON.stringify(allOf(template, 'AWS::SSM::Parameter'))).toContain('\\"mode\\":\\"observe\\"');
    expect(JSON.stringify(allOf(template, 'AWS::CloudWatch::Dashboard'))).toContain('It observes');
  });

  test('shares no ledger: what is only counted would be taken from those that purge', () => {
    const config = { ...sampleConfig, mode: 'observe' };
    expect(() => checkConfig({ ...config, sharedLedger: { table: 'Ledger' } })).toThrow(
      "`sharedLedger`: expected not to be set with `mode: 'observe'`",
    );
    expect(() => checkConfig({ ...config, ledgerSharedWith: ['111122223333'] })).toThrow(
      "`ledgerSharedWith`: expected not to be set with `mode: 'observe'`",
    );
    expect(() => checkConfig({ ...config, mode: 'dry-run' })).toThrow(
      '`mode`: expected "purge" or "observe", got "dry-run"',
    );
  });
});

test('an object that was only observed does not count as purged once the purger purges', () => {
  const { target, rules } = sampleConfig;
  const mappings = (['purge', 'observe', undefined] as const).map((mode) =>
    JSON.stringify(mappingOf(checkSettings({ target, rules, ...(mode !== undefined && { mode }) }))),
  );
  expect(mappings[0]).not.toBe(mappings[1]);
  expect(mappings[0]).toBe(mappings[2]);
});
