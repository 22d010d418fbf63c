import * as z from 'zod';
import type { Stop } from '../emulators/server.ts';
import { type Functions, functionOf } from '../lambda/functions.ts';
import type { Assembly } from '../template/assembly.ts';
import { TemplateError } from '../template/errors.ts';
import { fieldOf } from '../template/intrinsics.ts';
import type { StackTemplate } from '../template/template.ts';
import { isSupportedRoute } from './routes.ts';
import { type AnsweredRequest, type HttpApi, type Route, startHttpApi } from './server.ts';

/** HTTP APIs that listen, by logical ID. */
export type HttpApis = ReadonlyMap<string, HttpApi>;

/**
 * Starts an endpoint for each of the HTTP APIs of a template, the first of them on the port that is asked for.
 * @throws {PortInUseError} for a port that is taken.
 */
export async function startHttpApis(
  logicalIds: readonly string[],
  port: number | undefined,
  onAnswer: (request: AnsweredRequest) => void,
  stops: Stop[],
): Promise<HttpApis> {
  const apis = new Map<string, HttpApi>();
  for (const logicalId of logicalIds) {
    const ownPort = apis.size === 0 ? port : undefined;
    const api = await startHttpApi(ownPort, `the HTTP API ${logicalId}`, onAnswer);
    stops.push(api.stop);
    apis.set(logicalId, api);
  }
  return apis;
}

/**
 * A custom domain does not resolve here: the local URL takes its place.
 * @param urls of the HTTP APIs by logical ID
 * @returns the URLs by custom domain
 */
export function domainsOf(
  { template: { Resources } }: Assembly,
  urls: Readonly<Record<string, string>>,
): Record<string, string> {
  const mappings = Object.values(Resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::ApiMapping');
  const found = mappings.flatMap(({ Properties: { ApiId, DomainName } }) => {
    const url = urls[String(fieldOf(ApiId, 'Ref'))];
    const domain = Resources[String(fieldOf(DomainName, 'Ref'))]?.Properties.DomainName ?? DomainName;
    return url === undefined || typeof domain !== 'string' ? [] : [[domain, url] as const];
  });
  return Object.fromEntries(found);
}

const throttleSchema = z.strictObject({
  ThrottlingRateLimit: z.coerce.number(),
  ThrottlingBurstLimit: z.coerce.number(),
});
const apiSchema = z.object({ ProtocolType: z.literal('HTTP') });
const stageSchema = z.object({
  ApiId: z.string(),
  StageName: z.literal('$default'),
  DefaultRouteSettings: throttleSchema.optional(),
  RouteSettings: z.record(z.string(), throttleSchema).default({}),
});
const routeSchema = z.object({
  ApiId: z.string(),
  RouteKey: z
    .string()
    .refine(isSupportedRoute, 'only a method and a path of names and variables are supported'),
  Target: z.string(),
  AuthorizationType: z.literal('NONE').default('NONE'),
});
const integrationSchema = z.object({
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: z.coerce.number().default(30_000),
});

/** The parts of the stack that the routes of HTTP APIs need. */
export interface RouteSurroundings {
  readonly template: StackTemplate;
  readonly functions: Functions;
  readonly httpApis: HttpApis;
}

/**
 * Lets the HTTP APIs serve the template's routes.
 * @throws {TemplateError} for a route, a stage or an integration that is not supported.
 */
export function serveHttpApis(surroundings: RouteSurroundings): void {
  const { template, httpApis } = surroundings;
  for (const resource of template.resources('AWS::ApiGatewayV2::Api')) {
    template.properties(resource, apiSchema);
    const apiId = template.ref(resource);
    httpApis.get(resource.logicalId)?.serve({ apiId, routes: readRoutes(surroundings, apiId) });
  }
}

/** @returns the routes with their throttles: each has its own, by its settings or else by the stage's default */
function readRoutes({ template, functions }: RouteSurroundings, apiId: string): Route[] {
  const integrations = template.resources('AWS::ApiGatewayV2::Integration');
  const { RouteSettings, DefaultRouteSettings } = stageOf(template, apiId);
  const routes = template.resources('AWS::ApiGatewayV2::Route').flatMap((resource) => {
    const { ApiId, RouteKey: routeKey, Target } = template.properties(resource, routeSchema);
    if (ApiId !== apiId) return [];
    const found = integrations.find((integration) => Target === `integrations/${template.ref(integration)}`);
    const integration = found && template.properties(found, integrationSchema);
    const target = functionOf(functions, integration?.IntegrationUri ?? '');
    if (integration === undefined || target === undefined) {
      throw new TemplateError(`The route ${routeKey} has no function of the stack.`);
    }
    const limits = RouteSettings[routeKey] ?? DefaultRouteSettings;
    const throttle = limits && {
      ratePerSecond: limits.ThrottlingRateLimit,
      burst: limits.ThrottlingBurstLimit,
    };
    return [{ routeKey, target, timeoutMs: integration.TimeoutInMillis, throttle }];
  });
  const missing = Object.keys(RouteSettings).find((key) => !routes.some(({ routeKey }) => routeKey === key));
  if (missing === undefined) return routes;
  throw new TemplateError(`The stage has settings of a route that the API lacks: ${missing}.`);
}

function stageOf(
  template: StackTemplate,
  apiId: string,
): Partial<z.infer<typeof stageSchema>> & {
  readonly RouteSettings: z.infer<typeof stageSchema>['RouteSettings'];
} {
  const stages = template
    .resources('AWS::ApiGatewayV2::Stage')
    .map((stage) => template.properties(stage, stageSchema));
  return stages.find(({ ApiId }) => ApiId === apiId) ?? { RouteSettings: {} };
}
