import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSender } from '../helpers/webhook-sender.ts';

const site = 'https://www.example.com';
const locales = ['en', 'de'] as const;
/** The slug in each locale. */
type Slugs = Readonly<Record<string, string>>;

const step = fc.record({
  does: fc.constantFrom('rename', 'publish', 'unpublish'),
  slug: fc.constantFrom('a', 'b', 'c'),
  of: fc.subarray([...locales], { minLength: 1 }),
});

const sources = {
  datocms: (event: string, draft: Slugs, published: Slugs) => ({
    body: {
      event_triggered_at: '{now}Z',
      environment: 'main',
      is_environment_primary: true,
      entity_type: 'item',
      event_type: event,
      entity: {
        id: '1',
        type: 'item',
        attributes: { slug: draft },
        meta: { status: statusOf(draft, published) },
      },
    },
  }),
  contentful: (event: string, draft: Slugs, published: Slugs) => ({
    headers: { 'x-contentful-topic': `ContentManagement.Entry.${event}` },
    body: {
      sys: {
        id: '1',
        contentType: { sys: { id: 'post' } },
        ...(event === 'publish'
          ? { publishedAt: '{now}Z', fieldStatus: { '*': fieldStatus(draft, published) } }
          : { deletedAt: '{now}Z' }),
      },
      ...(event === 'publish' && { fields: { slug: draft } }),
    },
  }),
};

function statusOf(draft: Slugs, published: Slugs): string {
  if (Object.keys(published).length === 0) return 'draft';
  return locales.every((locale) => draft[locale] === published[locale]) ? 'published' : 'updated';
}

function fieldStatus(draft: Slugs, published: Slugs): Slugs {
  const status = (locale: string) => {
    if (published[locale] === undefined) return 'draft';
    return published[locale] === draft[locale] ? 'published' : 'changed';
  };
  return Object.fromEntries(Object.keys(draft).map((locale) => [locale, status(locale)]));
}

function withSlugs(
  slugs: Slugs,
  of: readonly string[],
  slugOf: (locale: string) => string | undefined,
): Slugs {
  const others = Object.entries(slugs).filter(([locale]) => !of.includes(locale));
  const own = of.flatMap((locale) => {
    const slug = slugOf(locale);
    return slug === undefined ? [] : [[locale, slug] as const];
  });
  return Object.fromEntries([...others, ...own]);
}

it.each(Object.entries(sources))(
  '%s: what is published in some locales purges each page that visitors had or get, whatever is in drafts',
  async (source, request) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const { deliver } = createSender(source, { urls: [`${site}/{locale}/{slug}`], apartMs: 60_000 });
        let draft: Slugs = { en: 'a', de: 'a' };
        let published: Slugs = {};
        for (const { does, slug, of } of steps) {
          const before = published;
          // Contentful tells of an unpublish of the whole entry alone.
          const isOf = source === 'contentful' && does === 'unpublish' ? locales : of;
          if (does === 'rename') draft = withSlugs(draft, of, () => slug);
          else
            published = withSlugs(published, isOf, (locale) =>
              does === 'publish' ? draft[locale] : undefined,
            );
          if (does === 'rename' || (does === 'unpublish' && Object.keys(before).length === 0)) continue;
          const { purged } = await deliver(request(does, draft, published));
          const urls = purged.map((text) => text.split(' ')[1]);
          const changed = locales.filter((locale) => before[locale] !== published[locale]);
          const pages = [before, published].flatMap((slugs) =>
            changed.flatMap((locale) =>
              slugs[locale] === undefined ? [] : `${site}/${locale}/${slugs[locale]}`,
            ),
          );
          expect(urls).toEqual(expect.arrayContaining(pages));
        }
      }),
      { numRuns: 200 },
    );
  },
);
