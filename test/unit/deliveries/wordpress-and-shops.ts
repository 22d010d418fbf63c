import { type Story, siteUrl, standard } from './story.ts';

const woo = (topic: string, body: Record<string, unknown>) => ({
  headers: { 'x-wc-webhook-topic': topic, 'x-wc-webhook-delivery-id': '9a1c' },
  body: { id: 794, date_modified_gmt: '{now}', ...body },
});

const wooVariation = (productId: number, productSlug: string, slug: string) =>
  woo('product.updated', {
    id: 9000,
    type: 'variation',
    parent_id: productId,
    status: 'publish',
    slug,
    permalink: `${siteUrl}/product/${productSlug}/?attribute_pa_color=blue&attribute_size=m`,
    categories: [],
  });

const shopify = (topic: string, body: string, more = {}) => ({
  headers: { 'x-shopify-topic': topic, 'x-shopify-shop-domain': 'example.myshopify.com', ...more },
  body,
});

const wp = (name: string, body: Record<string, unknown>) => ({
  headers: { 'x-wp-webhook-name': name, 'x-wp-webhook-source': siteUrl },
  body: { post_id: 1234, ...body },
});

/** Deliveries of WordPress and its plugins, and of shops. */
export const wordpressAndShopsStories: readonly Story[] = [
  {
    source: 'wordpress',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      { what: 'test', ...standard('ping', {}), purges: [] },
      {
        what: 'publish',
        ...standard('post.published', { id: 7, type: 'post', path: 'blog/hello/' }),
        purges: ['invalidate /blog/hello/'],
      },
      {
        what: 'rename',
        ...standard('post.updated', {
          id: 7,
          type: 'post',
          path: 'blog/hi/',
          previous: { path: 'blog/hello/' },
        }),
        purges: ['invalidate /blog/hi/', 'delete /blog/hello/'],
      },
      { what: 'trash', ...standard('post.trashed', { id: 7, type: 'post' }), purges: ['delete /blog/hi/'] },
    ],
  },
  {
    source: 'wp-webhooks',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      {
        what: 'publish',
        ...wp('post_create', {
          post: { ID: 1234, post_status: 'publish', post_name: 'hello', post_type: 'post' },
          post_permalink: `${siteUrl}/hello/`,
        }),
        purges: ['invalidate /hello/'],
      },
      {
        what: 'draft',
        ...wp('post_update', {
          post_id: 5,
          post: { post_status: 'draft', post_name: 'd' },
          post_before: { post_status: 'draft' },
          post_permalink: `${siteUrl}/?p=5`,
        }),
        purges: [],
      },
      {
        what: 'rename',
        ...wp('post_update', {
          post: { post_status: 'publish', post_name: 'hi' },
          post_before: { post_status: 'publish', post_name: 'hello' },
          post_permalink: `${siteUrl}/hi/`,
        }),
        purges: ['invalidate /hi/', 'delete /hello/'],
      },
      {
        what: 'trash',
        ...wp('post_trash', { post: { post_status: 'trash', post_name: 'hi__trashed' } }),
        purges: ['delete /hi/'],
      },
      { what: 'user', ...wp('user_create', {}), purges: [] },
    ],
  },
  {
    source: 'woocommerce',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      {
        what: 'create',
        ...woo('product.created', { status: 'publish', slug: 'tee', permalink: `${siteUrl}/product/tee/` }),
        purges: ['invalidate /product/tee/'],
      },
      {
        what: 'rename',
        ...woo('product.updated', { status: 'publish', permalink: `${siteUrl}/product/shirt/` }),
        purges: ['invalidate /product/shirt/', 'delete /product/tee/'],
      },
      {
        what: 'draft that was never public',
        ...woo('product.updated', { id: 5, status: 'draft', permalink: `${siteUrl}/product/new/` }),
        purges: [],
      },
      {
        what: 'unpublish',
        ...woo('product.updated', { status: 'private', permalink: `${siteUrl}/product/shirt/` }),
        purges: ['delete /product/shirt/'],
      },
      { what: 'delete', ...woo('product.deleted', {}), purges: [] },
      { what: 'order', ...woo('order.created', { billing: { email: 'a@example.com' } }), purges: [] },
    ],
  },
  {
    source: 'woocommerce',
    urls: [`${siteUrl}/{+path}`, `${siteUrl}/p/{slug}`, `${siteUrl}/c/{fields.categories.*.slug}`],
    apartMs: 60_000,
    steps: [
      {
        what: 'variation of a product that is not known',
        ...wooVariation(801, 'hat', 'hat-blue'),
        purges: ['invalidate /product/hat/', 'invalidate /p/hat'],
      },
      {
        what: 'variation of a draft',
        ...woo('product.updated', {
          id: 9001,
          type: 'variation',
          parent_id: 802,
          slug: 'cap-blue',
          permalink: `${siteUrl}/?post_type=product&p=802&attribute_pa_color=blue`,
        }),
        purges: [],
      },
      {
        what: 'product with variations',
        ...woo('product.updated', {
          type: 'variable',
          status: 'publish',
          slug: 'tee',
          permalink: `${siteUrl}/product/tee/`,
          categories: [{ id: 1, slug: 'men' }],
        }),
        purges: ['invalidate /product/tee/', 'invalidate /p/tee', 'invalidate /c/men'],
      },
      {
        what: 'variation of it',
        ...wooVariation(794, 'tee', 'tee-blue'),
        purges: ['invalidate /product/tee/', 'invalidate /p/tee', 'invalidate /c/men'],
      },
      {
        what: 'delete of it',
        ...woo('product.deleted', {}),
        purges: ['delete /product/tee/', 'delete /p/tee', 'invalidate /c/men'],
      },
    ],
  },
  {
    source: 'shopify',
    urls: [`${siteUrl}/products/{slug}`],
    type: 'product',
    steps: [
      {
        what: 'test',
        ...shopify('products/update', '{"id":788032119674292922,"handle":"example"}', {
          'x-shopify-test': 'true',
        }),
        purges: [],
      },
      {
        what: 'update',
        ...shopify(
          'products/update',
          '{"id":788032119674292922,"handle":"tee","status":"active","published_at":"2025-01-01T00:00:00-05:00"}',
        ),
        purges: ['invalidate /products/tee'],
      },
      {
        what: 'delete of a product whose id differs beyond 2^53',
        ...shopify('products/delete', '{"id":788032119674292923}'),
        purges: [],
      },
      {
        what: 'rename',
        ...shopify('products/update', '{"id":788032119674292922,"handle":"shirt","status":"active"}'),
        purges: ['invalidate /products/shirt', 'delete /products/tee'],
      },
      {
        what: 'draft of another',
        ...shopify('products/update', '{"id":5,"handle":"new","status":"draft"}'),
        purges: [],
      },
      {
        what: 'delete',
        ...shopify('products/delete', '{"id":788032119674292922}'),
        purges: ['delete /products/shirt'],
      },
      { what: 'order', ...shopify('orders/create', '{"id":1}'), purges: [] },
    ],
  },
];
