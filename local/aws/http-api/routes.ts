/** `POST /webhooks/{source}`: a method and a path of names and variables. */
const supportedKey = /^(?!ANY )[A-Z]+ (\/([\w.-]+|\{\w+\}))+$/;

/** @returns whether a route's key is supported: `$default`, `ANY` and greedy variables are not */
export function isSupportedRoute(routeKey: string): boolean {
  return supportedKey.test(routeKey);
}

/**
 * @returns the first route that serves a request, with the values of its variables; undefined where none does
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute<Kind extends { readonly routeKey: string }>(
  routes: readonly Kind[],
  method: string,
  path: string,
): { readonly route: Kind; readonly pathParameters: Record<string, string> } | undefined {
  for (const route of routes) {
    const [routeMethod, template = ''] = route.routeKey.split(' ');
    const pathParameters = routeMethod === method ? matchPath(template, path) : undefined;
    if (pathParameters !== undefined) return { route, pathParameters };
  }
  return undefined;
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const source = template.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const found = new RegExp(`^${source}$`).exec(path);
  return found === null ? undefined : { ...found.groups };
}
