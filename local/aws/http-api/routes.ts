/**
 * The route that serves a request, the most specific first: one that names the whole path, one with variables, one
 * with a greedy variable, `$default`; its own method before `ANY`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
 * @returns undefined where no route fits.
 */
export function matchRoute<Kind extends { readonly routeKey: string }>(
  routes: readonly Kind[],
  method: string,
  path: string,
): { readonly route: Kind; readonly pathParameters: Record<string, string> } | undefined {
  const fitting = routes.flatMap((route) => {
    const pathParameters = matchRouteKey(route.routeKey, method, path);
    return pathParameters === undefined ? [] : [{ route, pathParameters }];
  });
  return fitting.sort((one, other) => generality(one.route.routeKey) - generality(other.route.routeKey))[0];
}

function matchRouteKey(routeKey: string, method: string, path: string): Record<string, string> | undefined {
  if (routeKey === '$default') return {};
  const [routeMethod, template = '/'] = routeKey.split(' ');
  if (routeMethod !== 'ANY' && routeMethod !== method) return undefined;
  const names: string[] = [];
  const source = template.replace(/\{([^}+]+)(\+?)\}|[^{]+/g, (part, name?: string, greedy?: string) => {
    if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(name);
    return greedy ? '(.+)' : '([^/]+)';
  });
  const found = new RegExp(`^${source}$`).exec(path);
  return found ? Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? ''])) : undefined;
}

function generality(routeKey: string): number {
  if (routeKey === '$default') return Number.POSITIVE_INFINITY;
  const variables = routeKey.match(/\{/g)?.length ?? 0;
  return (routeKey.includes('+}') ? 1000 : 0) + 10 * variables + (routeKey.startsWith('ANY ') ? 1 : 0);
}
