import { Lazy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  DomainName,
  HttpApi,
  HttpIntegrationType,
  HttpMethod,
  HttpRouteIntegration,
  type HttpRouteIntegrationConfig,
  HttpStage,
  LogGroupLogDestination,
  PayloadFormatVersion,
  SecurityPolicy,
  type ThrottleSettings,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { Unit } from 'aws-cdk-lib/aws-cloudwatch';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { ARecord, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { type AccessLogMetricName, metricsNamespace } from '../../functions/lambda/metric-names.ts';
import { acknowledgeLogs, type DataProtection, keptLogs } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { withDefaults } from '../settings/checks/with-defaults.ts';
import {
  checkWebhookApi,
  type Throttle,
  type WebhookApiOptions,
} from '../settings/sources/webhook-api-settings.ts';

/** Options of a {@link WebhookApi}. */
export interface WebhookApiProps extends WebhookApiOptions {
  readonly protection: DataProtection;
  /** A dimension of the metrics: see `monitoring.ts`. */
  readonly purgerName: string;
}

/** A release of a CMS may publish hundreds of entries at once. A flood of small requests costs 10 to 15 dollars a day. */
export const defaultThrottle = { ratePerSecond: 100, burst: 500 } as const;

/**
 * What is logged of a request: no header and no query string, since CMSs put secrets into them.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const accessLogFields = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  sourceIp: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  route: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  error: '$context.error.message',
  integrationStatus: '$context.integrationStatus',
  integrationError: '$context.integrationErrorMessage',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  /** A dimension of the metric, in addition to `purger`. */
  service: 'receive-webhook',
};
const throttled: AccessLogMetricName = 'WebhooksThrottled';

const unlogged =
  'The user has switched access logs off: `webhookApi.accessLogs`. The function still logs each webhook that it refuses, with the reason, and API Gateway still counts requests and errors.';
const unloggedReasons = {
  'AwsSolutions-APIG1': unlogged,
  'Serverless-APIGWAccessLogging': unlogged,
};

/** CDK's own integration adds a permission for each route, and a function's policy holds at most 20 KB of them. */
class ReceiverIntegration extends HttpRouteIntegration {
  readonly #receiver: IFunction;

  constructor(receiver: IFunction) {
    super('Receive');
    this.#receiver = receiver;
  }

  override bind(): HttpRouteIntegrationConfig {
    return {
      type: HttpIntegrationType.AWS_PROXY,
      uri: this.#receiver.functionArn,
      payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
    };
  }
}

/**
 * The public entry: a route `POST /webhooks/NAME` for each webhook, and one with `PUT` where its sender can be set to that,
 * each with its own throttle. API Gateway answers 404 for other names itself, so that they cost nothing and use up nobody's
 * throttle.
 */
export class WebhookApi extends Construct {
  readonly api: HttpApi;
  /** The URL that a webhook's name is appended to. */
  readonly url: string;
  /** The target of a DNS record for the domain, where the stack does not create it. */
  readonly domainTarget: string | undefined;
  /** Undefined where access logs are off. */
  readonly accessLogs: LogGroup | undefined;
  readonly #integration: ReceiverIntegration;
  readonly #throttle: ThrottleSettings;
  readonly #routeKeys = new Set<string>();
  readonly #stage: CfnStage;

  constructor(scope: Construct, id: string, receiver: IFunction, props: WebhookApiProps) {
    super(scope, id);
    const { protection, purgerName, ...options } = props;
    checkWebhookApi(options);
    const { throttle = {} } = options;
    const domain = this.#domain(options);
    this.api = new HttpApi(scope, 'Api', {
      description: 'cdn-pro-purger: webhooks',
      createDefaultStage: false,
      disableExecuteApiEndpoint: domain !== undefined,
    });
    this.#integration = new ReceiverIntegration(receiver);
    receiver.addPermission('WebhookApi', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: this.api.arnForExecuteApi('*', '/webhooks/*'),
    });
    acknowledge(this.api, {
      'AwsSolutions-APIG4':
        "A CMS cannot sign as IAM or OAuth require: it authenticates by its own signature or secret, which the function verifies over the body's bytes, in constant time, before it parses them.",
    });
    const { ratePerSecond, burst } = withDefaults<Required<Throttle>>(defaultThrottle, throttle);
    this.#throttle = { rateLimit: ratePerSecond, burstLimit: burst };
    this.accessLogs = options.accessLogs === false ? undefined : this.#accessLogs(protection);
    const stage = new HttpStage(this.api, 'DefaultStage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: this.#throttle,
      ...(this.accessLogs === undefined
        ? {}
        : { accessLogSettings: settingsOf(this.accessLogs, purgerName) }),
      ...(domain === undefined ? {} : { domainMapping: { domainName: domain } }),
    });
    if (this.accessLogs === undefined) acknowledge(stage, unloggedReasons);
    this.#stage = stage.node.defaultChild as CfnStage;
    this.#stage.routeSettings = Lazy.any({ produce: () => this.#routeSettings() });
    this.url = `${domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`}/webhooks/`;
    this.domainTarget = options.hostedZone === undefined ? domain?.regionalDomainName : undefined;
  }

  /** Lets deliveries to the webhook of this name in. */
  addWebhook(name: string, canPut: boolean): void {
    for (const method of canPut ? [HttpMethod.POST, HttpMethod.PUT] : [HttpMethod.POST]) {
      this.#addRoute(method, `/webhooks/${name}`);
    }
  }

  #addRoute(method: HttpMethod, path: string): void {
    const routes = this.api.addRoutes({ path, methods: [method], integration: this.#integration });
    this.#routeKeys.add(`${method} ${path}`);
    // API Gateway refuses settings of a route that is not there yet.
    for (const route of routes) this.#stage.node.addDependency(route);
  }

  #routeSettings(): Record<string, object> {
    const { rateLimit, burstLimit } = this.#throttle;
    const settings = { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit };
    return Object.fromEntries([...this.#routeKeys].map((key) => [key, settings]));
  }

  #domain({ domainName, certificate, hostedZone }: WebhookApiOptions): DomainName | undefined {
    if (domainName === undefined || certificate === undefined) return undefined;
    const domain = new DomainName(this, 'Domain', {
      domainName,
      certificate,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    if (hostedZone !== undefined) {
      const target = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId);
      // The dot marks a fully qualified name: the name of an imported zone may be unknown.
      const recordName = `${domainName}.`;
      new ARecord(this, 'Record', {
        zone: hostedZone,
        recordName,
        target: RecordTarget.fromAlias(target),
      });
    }
    return domain;
  }

  /** API Gateway publishes one metric for all 4xx answers; only its log shows which ones the throttle refused. */
  #accessLogs(protection: DataProtection): LogGroup {
    const logGroup = new LogGroup(this, 'AccessLogs', {
      ...keptLogs(protection),
      // API Gateway adds a group of another name to a resource policy of the region, which is full in accounts with many APIs:
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
      // By the API's ID, a group that was kept blocks no later one, of this stack neither.
      logGroupName: `/aws/vendedlogs/cdn-pro-purger/${this.api.apiId}`,
    });
    acknowledgeLogs(logGroup, protection);
    new MetricFilter(this, 'Throttled', {
      logGroup,
      filterPattern: FilterPattern.stringValue('$.status', '=', '429'),
      metricNamespace: metricsNamespace,
      metricName: throttled,
      metricValue: '1',
      unit: Unit.COUNT,
      dimensions: { purger: '$.purger', service: '$.service' },
    });
    return logGroup;
  }
}

function settingsOf(logGroup: LogGroup, purgerName: string) {
  return {
    destination: new LogGroupLogDestination(logGroup),
    format: AccessLogFormat.custom(JSON.stringify({ ...accessLogFields, purger: purgerName })),
  };
}
