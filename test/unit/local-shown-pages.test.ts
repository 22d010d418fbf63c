import { expect, test } from 'vitest';
import { createShownPages } from '../../local/demo/samples/shown-pages.ts';

const likely = { bucket: 'site', key: 'docs/a.html' };
const at = (url: string) => new URL(url);

test('a URL that no change named is that of the object whose key is its path', () => {
  expect(createShownPages().find(at('https://h.example/docs/a.html'), likely)).toEqual([likely]);
});

test('a URL that a change named is tried at its object, too', () => {
  const pages = createShownPages();
  const object = { bucket: 'site', key: 'a b.html' };
  pages.add(object, ['https://h.example/docs/a%20b.html', 'https://h.example/docs/']);
  const other = { bucket: 'site', key: 'docs/a b.html' };
  expect(pages.find(at('https://h.example/docs/a b.html'), other)).toEqual([other, object]);
  const index = { bucket: 'site', key: 'docs/index.html' };
  expect(pages.find(at('https://h.example/docs/index.html'), index)).toEqual([index, object]);
  expect(pages.find(at('https://other.example/docs/a b.html'), other)).toEqual([other]);
});

test('an object that is known to be at other URLs is not found by its path', () => {
  const pages = createShownPages();
  const object = { bucket: 'other', key: 'a.html' };
  pages.add(likely, ['https://h.example/docs/docs/a.html']);
  pages.add(object, ['https://h.example/docs/a.html']);
  expect(pages.find(at('https://h.example/docs/a.html'), likely)).toEqual([object]);
});

test('what every change makes stale stays the page of its own object', () => {
  const pages = createShownPages();
  pages.add({ bucket: 'site', key: 'posts/1' }, ['https://h.example/feed.xml', 'https://h.example/posts/*']);
  const feed = { bucket: 'site', key: 'feed.xml' };
  expect(pages.find(at('https://h.example/feed.xml'), feed)[0]).toEqual(feed);
  const post = { bucket: 'site', key: 'posts/1' };
  expect(pages.find(at('https://h.example/posts/1'), post)).toEqual([post]);
});

test('patterns and invalid encodings do no harm', () => {
  const pages = createShownPages();
  pages.add(likely, ['any://h.example/.{2}', 'https://h.example/%zz', 'https://h.example/[a-z]+\\?.*']);
  expect(pages.find(at('https://h.example/%zz'), { bucket: 'site', key: '%zz' })).toHaveLength(2);
});
