/** `POST /webhooks/{source}`: a method and a path of names and variables. */
const supportedKey = /^(?!ANY )[A-Z]+ (\/([\w.-]+|\{\w+\}))+$/;

/** @returns whether a route's key is supported: `$default`, `ANY` and greedy variables are not */
export function isSupportedRoute(routeKey: string): boolean {
  return supportedKey.test(routeKey);
}

/**
 * @returns the most specific route that serves a request, in whichever order they are, with the values of its variables;
 *   undefined where none does
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute<Kind extends { readonly routeKey: string }>(
  routes: readonly Kind[],
  method: string,
  path: string,
): { readonly route: Kind; readonly pathParameters: Record<string, string> } | undefined {
  const matches = routes.flatMap((route) => {
    const [routeMethod, template = ''] = route.routeKey.split(' ');
    const pathParameters = routeMethod === method ? matchPath(template, path) : undefined;
    return pathParameters === undefined ? [] : [{ route, pathParameters, order: orderOf(template) }];
  });
  const [best] = matches.toSorted((a, b) => a.order.localeCompare(b.order));
  return best && { route: best.route, pathParameters: best.pathParameters };
}

/** Of two paths that match, the one comes first that has a name where the other one first has a variable. */
function orderOf(template: string): string {
  return template
    .split('/')
    .map((segment) => (segment.startsWith('{') ? '1' : '0'))
    .join('');
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const source = template.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const found = new RegExp(`^${source}$`).exec(path);
  return found === null ? undefined : { ...found.groups };
}
