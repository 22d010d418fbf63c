import * as z from 'zod';
import type { Template } from '../../local/aws/template/assembly.ts';

/** What a number of changes used of the services that are billed by use. */
export interface Usage {
  readonly changes: number;
  readonly eventBridgeEvents: number;
  readonly httpApiRequests: number;
  /** By the function's short name. */
  readonly functions: Readonly<Record<string, FunctionUsage>>;
  /** Requests to SQS as they are billed: one for each 64 KB, by action. */
  readonly sqsRequests: Readonly<Record<string, number>>;
  readonly dynamodbReadUnits: number;
  readonly dynamodbWriteUnits: number;
  /** Lambda's own lines and the API's access log included. */
  readonly logBytes: number;
  readonly purgeRequests: number;
  /** The custom metrics that were sent, each as CloudWatch bills it: a name and its dimensions. */
  readonly metrics: ReadonlySet<string>;
}

/** What a function used. */
export interface FunctionUsage {
  readonly invocations: number;
  readonly gbSeconds: number;
}

/** One invocation, as it went on this machine. */
export interface Invocation {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryMb: number;
}

const accessLogSchema = z.object({ AccessLogSettings: z.object({ Format: z.string() }) });

/** A whole processor is what Lambda gives to 1,769 MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const memoryOfProcessorMb = 1769;
/**
 * Lambda's own lines for an invocation in the JSON format, `platform.start` and `platform.report`, with 26 bytes each:
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
 */
export const platformLogBytes = 450;
/** https://aws.amazon.com/cloudwatch/pricing/: each line counts 26 bytes more than it has. */
export const logLineOverheadBytes = 26;

/** About how long a value in an access log is: from a status of three digits to a time of 26 characters. */
const accessLogValueLength = 10;

/** @returns the bytes of a request in the access log of the template's API, 0 where there is none */
export function accessLogBytesOf({ Resources }: Template): number {
  return Object.values(Resources)
    .flatMap(({ Properties }) => accessLogSchema.safeParse(Properties).data?.AccessLogSettings.Format ?? [])
    .map((format) => format.replace(/\$context\.[\w.]+/g, 'x'.repeat(accessLogValueLength)))
    .reduce((bytes, line) => bytes + line.length + logLineOverheadBytes, 0);
}

/**
 * @returns how long Lambda would bill the invocation for, in GB-seconds: waiting takes as long as here, computing as
 *   much longer as the function has less than a whole processor
 */
export function gbSecondsOf({ wallMs, cpuMs, memoryMb }: Invocation): number {
  const slowdown = Math.max(1, memoryOfProcessorMb / memoryMb);
  const billedMs = Math.ceil(Math.max(0, wallMs - cpuMs) + cpuMs * slowdown);
  return (billedMs / 1000) * (memoryMb / 1024);
}

/** @returns as how many units DynamoDB or SQS bill so many bytes, at least one */
export function unitsOf(bytes: number, unitBytes: number): number {
  return Math.max(1, Math.ceil(bytes / unitBytes));
}
