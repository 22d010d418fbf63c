import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { widgetsOf } from '../../bench/dashboard/definition.ts';
import { pictureOf, synthesized } from '../../bench/dashboard.ts';

const template = synthesized();
const picture = readFileSync('docs/dashboard.svg', 'utf8');

test('the picture of the dashboard is that of the synthesized one: else `npm run bench -- dashboard` draws it anew', () => {
  expect(pictureOf(template) === picture).toBe(true);
});

test('it has each widget by its title, and each metric that is drawn by its label', () => {
  const widgets = widgetsOf(template);
  expect(widgets.length).toBeGreaterThan(20);
  const graphs = widgets.filter(({ view }) => view === 'timeSeries');
  const labels = graphs.flatMap(({ metrics }) => metrics.filter(({ isVisible }) => isVisible));
  for (const text of [
    ...widgets.map(({ title }) => `>${title}<`),
    ...labels.map(({ label }) => `<title>${label}<`),
  ]) {
    expect(picture).toContain(text);
  }
});

test('it has the state of each alarm', () => {
  const alarms = Object.keys(template.findResources('AWS::CloudWatch::Alarm'));
  expect(picture.match(/class="(ok|alarm)"/g)).toHaveLength(alarms.length);
});
