/** The endpoints, with `{id}` for the part of a path that varies. */
export const endpoints = [
  'POST /cdn/purges',
  'GET /cdn/purges',
  'GET /cdn/purges/purgeTokens',
  'GET /cdn/purges/purgeSummary',
  'GET /cdn/purges/{id}',
  'POST /cdn/prefetches',
  'GET /cdn/prefetches/prefetchTokens',
  'GET /cdn/prefetches/{id}',
  'GET /cdn/serviceQuotas/customer/{id}',
  'GET /cdn/hostnames',
] as const;

/** A method and a path. */
export type Endpoint = (typeof endpoints)[number];

/** Where a request goes. */
export type Route =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly id: string }
  | { readonly kind: 'method-not-allowed'; readonly methods: readonly string[] }
  | { readonly kind: 'not-found' };

const table = endpoints.map((endpoint) => {
  const [method = '', path = ''] = endpoint.split(' ');
  return { endpoint, method, path, expression: new RegExp(`^${path.replace('{id}', '([^/]+)')}$`) };
});

/** @returns the endpoint of a request; a path without a variable part goes first */
export function routeOf(method: string, path: string): Route {
  const [{ path: found } = { path: '' }] = table.filter(({ expression }) => expression.test(path));
  const candidates = table.filter((row) => row.path === found);
  const row = candidates.find((candidate) => candidate.method === method);
  if (row !== undefined) {
    return { kind: 'endpoint', endpoint: row.endpoint, id: row.expression.exec(path)?.[1] ?? '' };
  }
  const methods = candidates.map((candidate) => candidate.method);
  return methods.length === 0 ? { kind: 'not-found' } : { kind: 'method-not-allowed', methods };
}
