import { expect, it } from 'vitest';
import type { Sample } from '../../local/demo/samples/sample.ts';
import { createTimeline } from '../../local/demo/timeline/timeline.ts';
import { createActions } from '../../local/page/actions.ts';

const put: Sample = { kind: 'put', title: 'put', bucket: 'site', key: 'a.html' };

function world({ samples = [put], breaks = true }: { samples?: readonly Sample[]; breaks?: boolean } = {}) {
  const written: string[] = [];
  const visited: string[] = [];
  const broken: boolean[] = [];
  const timeline = createTimeline(() => 0);
  const actions = createActions({
    samples,
    context: {
      objects: [{ bucket: 'site', prefix: '', suffix: '' }],
      origin: {
        fetch: async () => undefined,
        put: async ({ key }, content) => {
          written.push(`${key}: ${/Version \d+/.exec(content)?.[0]}`);
        },
        show: () => {},
        remove: async () => {},
        render: async () => {},
      },
      edges: [],
      knowsFinish: true,
      isVisited: false,
      timeoutMs: 1,
      timeline,
      webhooks: {},
      nowMs: () => 0,
    },
    breakDown: breaks ? (isBroken) => broken.push(isBroken) : undefined,
    onChanged: (urls) => visited.push(...urls),
  });
  const obstacles = () =>
    Object.fromEntries(actions.views().map(({ name, unavailable }) => [name, unavailable]));
  return { actions, obstacles, written, visited, broken, timeline };
}

it('does nothing before the samples have run', () => {
  const { actions, obstacles } = world();
  expect(obstacles()).toMatchObject({ upload: 'the samples run first', break: 'the samples run first' });
  expect(() => actions.run('upload')).toThrow('Upload a file: the samples run first');
  actions.open();
  expect(obstacles()).toMatchObject({ upload: undefined, break: undefined });
});

it('uploads a new version each time, and lets visitors ask for the pages that show it', async () => {
  const { actions, written, visited, timeline } = world();
  actions.open();
  expect(await actions.run('upload')).toBe('Version 1 uploaded: s3://site/a.html');
  await actions.run('upload');
  expect(written).toEqual(['a.html: Version 1', 'a.html: Version 2']);
  const change = { id: 's3://site/a.html', action: 'put' };
  const urls = ['https://www.example.com/a', 'https://www.example.com/*'];
  timeline.add('receive-s3', JSON.stringify({ message: 'change queued', change, urls }));
  expect(visited).toEqual(['https://www.example.com/a']);
});

it('breaks what works and repairs what is broken', async () => {
  const { actions, obstacles, broken } = world();
  actions.open();
  expect(obstacles()).toMatchObject({ break: undefined, repair: 'it works' });
  await actions.run('break');
  expect(obstacles()).toMatchObject({ break: 'it is broken', repair: undefined });
  await actions.run('repair');
  expect(broken).toEqual([true, false]);
});

it('says what this configuration has no button for', () => {
  const { actions, obstacles } = world({ samples: [], breaks: false });
  actions.open();
  expect(obstacles()).toEqual({
    upload: 'no rule of this configuration has a sample of an upload',
    publish: 'no rule of this configuration has a sample of a webhook',
    break: 'the API is not the simulator',
    repair: 'the API is not the simulator',
  });
  expect(actions.run('other')).toBeUndefined();
});
