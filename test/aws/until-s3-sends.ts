import { watchedPrefixes } from './test-stack-settings.ts';

/**
 * S3 takes some five minutes until it acts on a change of a bucket's notification configuration; what is uploaded meanwhile is
 * never told of.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
 */
const timeoutMs = 8 * 60_000;
/** Between two probes of each way. */
const probeEveryMs = 15_000;
/** Where nobody can be asked whether a probe arrived. */
const pauseMs = 6 * 60_000;

/** What probing needs of the account. */
export interface ProbePorts {
  upload(bucket: string, key: string): Promise<void>;
  /** What the stand-in has accepted. */
  accepted(bucket: string): Promise<readonly { readonly purge: { readonly fileUrls?: readonly string[] } }[]>;
  sleep(ms: number): Promise<void>;
  nowMs(): number;
  log(line: string): void;
}

/** What is probed. */
export interface Probed {
  /** What URLs begin with. */
  readonly base: string;
  readonly bucket: string;
  /** Whether the stand-in can be asked what it has accepted. */
  readonly asksStandIn: boolean;
}

/**
 * Uploads a probe by each way again and again until one of each was purged.
 * @returns the ways by which S3 sent nothing
 */
export async function untilS3Sends(
  { base, bucket, asksStandIn }: Probed,
  ports: ProbePorts,
): Promise<readonly string[]> {
  ports.log('waiting until S3 sends events: about five minutes');
  if (!asksStandIn) {
    await ports.sleep(pauseMs);
    return [];
  }
  const untilMs = ports.nowMs() + timeoutMs;
  let silent: readonly (readonly [way: string, prefix: string])[] = Object.entries(watchedPrefixes);
  for (let probe = 1; silent.length > 0 && ports.nowMs() < untilMs; probe++) {
    for (const [, prefix] of silent) await ports.upload(bucket, `${prefix}probe-${probe}`);
    await ports.sleep(probeEveryMs);
    const accepted = await ports.accepted(bucket);
    const urls = accepted.flatMap(({ purge }) => purge.fileUrls ?? []);
    silent = silent.filter(([, prefix]) => !urls.some((url) => url.startsWith(`${base}/${prefix}probe-`)));
  }
  return silent.map(([way]) => `S3 sent no event by ${way} within ${timeoutMs / 1000} s`);
}
