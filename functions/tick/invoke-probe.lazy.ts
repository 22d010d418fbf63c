import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PurgerError } from '../core/model/errors.ts';
import type { ProbeRequest, ProbeResponse } from '../core/proving/probe.ts';

/** The answer is waited for, and asking twice would ask hosts twice. */
const client = new LambdaClient({ requestHandler: { connectionTimeout: 3_000 }, maxAttempts: 1 });

/** How much longer than for probing its answer takes at most, in milliseconds. */
const startMs = 2_000;

/** The function that probes has failed. */
export class ProbeFailedError extends PurgerError {
  override readonly name = 'ProbeFailedError';
}

/**
 * Invokes the function that probes, and waits for its answer.
 * @throws ProbeFailedError, and what Lambda throws
 */
export async function invokeProbe(functionName: string, request: ProbeRequest): Promise<ProbeResponse> {
  const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) });
  const abortSignal = AbortSignal.timeout(request.withinMs + startMs);
  const { FunctionError, Payload } = await client.send(command, { abortSignal });
  const answer = Payload?.transformToString() ?? '';
  if (FunctionError !== undefined) {
    throw new ProbeFailedError(`expected verdicts, got ${FunctionError}: ${answer.slice(0, 500)}`);
  }
  return JSON.parse(answer) as ProbeResponse;
}
