import * as z from 'zod';
import type { Stop } from '../emulators/server.ts';
import { type Functions, functionOf } from '../lambda/functions.ts';
import type { Assembly } from '../template/assembly.ts';
import { fieldOf } from '../template/intrinsics.ts';
import type { StackTemplate } from '../template/template.ts';
import { type AnsweredRequest, type HttpApi, type Route, startHttpApi } from './server.ts';
import type { RouteThrottle } from './throttle.ts';

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
 * Nobody here resolves a domain of the user's own: the local URL stands for it.
 * @param urls of the HTTP APIs by logical ID
 * @returns these by domain
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

const apiSchema = z.object({
  ProtocolType: z.string().optional(),
  CorsConfiguration: z.unknown().optional(),
});
const throttleSchema = z.object({
  ThrottlingRateLimit: z.coerce.number().optional(),
  ThrottlingBurstLimit: z.coerce.number().optional(),
});
const stageSchema = z.object({
  ApiId: z.string(),
  StageName: z.string(),
  DefaultRouteSettings: throttleSchema.prefault({}),
  RouteSettings: z.record(z.string(), throttleSchema).default({}),
});
const routeSchema = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().optional(),
  AuthorizationType: z.string().default('NONE'),
});
const integrationSchema = z.object({
  IntegrationType: z.string(),
  IntegrationUri: z.string().optional(),
  PayloadFormatVersion: z.string().optional(),
  TimeoutInMillis: z.coerce.number().default(30_000),
});

/** What the routes of HTTP APIs need of the stack around them. */
export interface RouteSurroundings {
  readonly template: StackTemplate;
  readonly functions: Functions;
  readonly httpApis: HttpApis;
  readonly warn: (sentence: string) => void;
}

/** A route that is served. */
export interface ServedRoute {
  readonly routeKey: string;
  readonly functionLogicalId: string;
  /** Of the HTTP API, without a slash at its end. */
  readonly apiUrl: string;
}

/** Lets the HTTP APIs serve the template's routes, and returns these. */
export function serveHttpApis(surroundings: RouteSurroundings): ServedRoute[] {
  const { template, httpApis, warn } = surroundings;
  return template.resources('AWS::ApiGatewayV2::Api').flatMap((resource) => {
    const api = httpApis.get(resource.logicalId);
    const { ProtocolType, CorsConfiguration } = template.properties(resource, apiSchema);
    if (api === undefined || ProtocolType !== 'HTTP') {
      warn(`The API ${resource.logicalId} is left out: only HTTP APIs are supported locally.`);
      return [];
    }
    if (CorsConfiguration) warn(`The API ${resource.logicalId} is served without its CORS settings locally.`);
    const apiId = template.ref(resource);
    const stages = template
      .resources('AWS::ApiGatewayV2::Stage')
      .map((stage) => template.properties(stage, stageSchema));
    const own = stages.filter((stage) => stage.ApiId === apiId);
    const routes = readRoutes(surroundings, apiId);
    api.serve({
      apiId,
      stages: own.map((stage) => ({ name: stage.StageName, throttleOf: throttlesOf(stage) })),
      routes,
    });
    return routes.map(({ routeKey, target }) => ({
      routeKey,
      functionLogicalId: target.settings.logicalId,
      apiUrl: api.url,
    }));
  });
}

/** @returns the limit of each route of a stage; undefined where there is none */
function throttlesOf({ DefaultRouteSettings, RouteSettings }: z.output<typeof stageSchema>) {
  return (routeKey: string): RouteThrottle | undefined => {
    const { ThrottlingRateLimit: ratePerSecond, ThrottlingBurstLimit: burst } = {
      ...DefaultRouteSettings,
      ...RouteSettings[routeKey],
    };
    return ratePerSecond === undefined || burst === undefined ? undefined : { ratePerSecond, burst };
  };
}

function readRoutes({ template, functions, warn }: RouteSurroundings, apiId: string): Route[] {
  const integrations = template.resources('AWS::ApiGatewayV2::Integration');
  return template.resources('AWS::ApiGatewayV2::Route').flatMap((resource) => {
    const route = template.properties(resource, routeSchema);
    if (route.ApiId !== apiId) return [];
    const found = integrations.find(
      (integration) => route.Target === `integrations/${template.ref(integration)}`,
    );
    const integration = found && template.properties(found, integrationSchema);
    const target = functionOf(functions, integration?.IntegrationUri ?? '');
    if (
      integration?.IntegrationType !== 'AWS_PROXY' ||
      integration.PayloadFormatVersion !== '2.0' ||
      !target
    ) {
      warn(
        `The route ${route.RouteKey} is left out: only functions with payload format 2.0 are supported locally.`,
      );
      return [];
    }
    if (route.AuthorizationType !== 'NONE') {
      warn(
        `The route ${route.RouteKey} is served without its ${route.AuthorizationType} authorization locally.`,
      );
    }
    return [{ routeKey: route.RouteKey, target, timeoutMs: integration.TimeoutInMillis }];
  });
}
