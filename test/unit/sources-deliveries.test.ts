import { describe, expect, it } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import { createSender } from '../helpers/webhook-sender.ts';
import { generalStories } from './deliveries/general.ts';
import { hostedStories } from './deliveries/hosted.ts';
import { selfHostedStories } from './deliveries/self-hosted.ts';
import { siteUrl } from './deliveries/story.ts';
import { wordpressAndShopsStories } from './deliveries/wordpress-and-shops.ts';

const stories = [...hostedStories, ...selfHostedStories, ...wordpressAndShopsStories, ...generalStories];

it('there is a story for every source', () => {
  const covered = new Set(stories.map(({ source }) => source));
  expect(Object.keys(webhookSources).filter((source) => !covered.has(source))).toEqual([]);
});

describe.each(stories.map((story) => ({ title: `${story.source} ${story.type ?? ''}`.trim(), story })))(
  '$title',
  ({ story }) => {
    it('purges exactly what each delivery makes stale', async () => {
      const { deliver } = createSender(story.source, story);
      for (const { what, purges, status, ...request } of story.steps) {
        const delivered = await deliver(request);
        const purged = delivered.purged.map((text) => text.replace(siteUrl, ''));
        expect([what, purged]).toEqual([what, purges]);
        expect([what, delivered.status]).toEqual([what, status ?? (purges.length > 0 ? 202 : 200)]);
      }
    });
  },
);
