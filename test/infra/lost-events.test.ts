import { expect, test } from 'vitest';
import { statesOf } from '../helpers/alarm-rule.ts';
import { eventRulesOf, templateOf } from '../helpers/purger-stack.ts';
import { alarmsOf, watchedMetrics } from '../helpers/watched-metrics.ts';

const lost = 'Stack-Purger-receiver-errors-receive-s3-lost';
const bucketsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `bucket-${index}` }));

test('one event that the dead letter queue did not take is enough', () => {
  const alarm = alarmsOf(templateOf()).get(lost);
  if (alarm === undefined) throw new Error('expected an alarm of lost events');
  const ids = alarm.Metrics?.flatMap(({ Id, MetricStat }) => (MetricStat === undefined ? [] : [Id])) ?? [];
  expect(ids).toHaveLength(1);
  for (const id of ids) expect(statesOf(alarm, [{}, { [id]: 1 }, {}])).toEqual([false, true, false]);
});

test("a rule of another account's events is watched by the names of its bus and its own", () => {
  const template = templateOf({ buckets: [{ name: 'theirs', account: '444455556666' }] });
  const [[rule] = []] = eventRulesOf(template);
  const [bus] = Object.keys(template.findResources('AWS::Events::EventBus'));
  const ofRules = watchedMetrics(template).filter(({ namespace }) => namespace === 'AWS/Events');
  expect(ofRules.map(({ dimensions }) => dimensions)).toEqual([
    {
      EventBusName: { Ref: bus },
      RuleName: { 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': [rule, 'Arn'] }] }] },
    },
  ]);
});

test('every rule is watched, however many there are, in alarms of no more than CloudWatch takes', () => {
  const template = templateOf({ buckets: bucketsOf(20) });
  const watched = watchedMetrics(template).filter(({ alarm }) => alarm.startsWith(lost));
  expect(new Set(watched.map(({ dimensions }) => JSON.stringify(dimensions))).size).toBe(20);
  const sizes = [...alarmsOf(template)].flatMap(([name, { Metrics = [] }]) =>
    name.startsWith(lost) ? [Metrics.length] : [],
  );
  expect(sizes).toEqual([10, 10, 3]);
});

test('they are off with the alarm of errors', () => {
  const template = templateOf({ alarms: { off: ['receiver-errors'] } });
  expect([...alarmsOf(template).keys()].filter((name) => name.includes('lost'))).toEqual([]);
});
