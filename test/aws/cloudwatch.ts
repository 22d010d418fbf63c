import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from '../../functions/aws/environment-credentials.ts';
import { metricsNamespace } from '../../functions/lambda/metric-names.ts';

/** What a run asks CloudWatch, of which the project has no SDK client. */
export interface CloudWatch {
  /** @returns the states of the alarms whose names begin so, by name: `OK`, `ALARM` or `INSUFFICIENT_DATA` */
  alarmStates(namePrefix: string): Promise<ReadonlyMap<string, string>>;
  /** @returns the sum of what a purger's `submit` has published of a metric since then, to the minute */
  sumOf(metricName: string, purger: string, sinceMs: number, nowMs: number): Promise<number>;
}

/** Where CloudWatch is asked, and by whom. */
export interface CloudWatchSettings {
  /** Scheme and host. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
}

const minuteMs = 60_000;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/making-api-requests.html */
const common = { Version: '2010-08-01' };

/** @returns a client by CloudWatch's Query protocol, which throws Error with CloudWatch's words where it refuses */
export function createCloudWatch({ endpoint, region, credentials }: CloudWatchSettings): CloudWatch {
  const signer = new SignatureV4({ credentials, region, service: 'monitoring', sha256: Sha256 });

  async function call(Action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const url = new URL('/', endpoint);
    const body = new URLSearchParams({ Action, ...common, ...parameters }).toString();
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    // Fetch sets the header Host by itself.
    const { host: _, ...signed } = headers;
    const response = await fetch(url, { method: 'POST', headers: signed, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`CloudWatch answered ${Action} with ${response.status}: ${text}`);
    return text;
  }

  return {
    async alarmStates(AlarmNamePrefix) {
      const xml = await call('DescribeAlarms', { AlarmNamePrefix, MaxRecords: '100' });
      const names = textsOf(xml, 'AlarmName');
      const states = textsOf(xml, 'StateValue');
      return new Map(names.map((name, index) => [name, states[index] ?? 'unknown']));
    },
    async sumOf(MetricName, purger, sinceMs, nowMs) {
      const xml = await call('GetMetricStatistics', {
        Namespace: metricsNamespace,
        MetricName,
        'Dimensions.member.1.Name': 'service',
        'Dimensions.member.1.Value': 'submit',
        'Dimensions.member.2.Name': 'purger',
        'Dimensions.member.2.Value': purger,
        StartTime: new Date(Math.floor(sinceMs / minuteMs) * minuteMs).toISOString(),
        EndTime: new Date(nowMs + minuteMs).toISOString(),
        Period: '60',
        'Statistics.member.1': 'Sum',
      });
      return textsOf(xml, 'Sum').reduce((sum, value) => sum + Number(value), 0);
    },
  };
}

/** The contents of the elements of this name; none of them has elements in it. */
function textsOf(xml: string, element: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) => text);
}

/** SHA-256, with a key HMAC, in the form that the signer takes. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: Data) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }

  update(data: Data): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

type Data = string | ArrayBuffer | ArrayBufferView;

function bytesOf(data: Data): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
