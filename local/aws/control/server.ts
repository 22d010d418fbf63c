import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { recordOf } from '../../../functions/core/model/record.ts';
import { closeServer, listen, type Stop } from '../emulators/server.ts';
import type { Functions } from '../lambda/functions.ts';
import { type Answer, refusal } from './answer.ts';
import { answerFunction, codeAt } from './function-code.ts';
import { answerInvocation } from './invocations.ts';
import { answerLogs, type LogLines } from './logs.ts';
import type { Switches } from './switch.ts';

/** What the endpoint is about; all of it may be added after it listens. */
export interface Controlled {
  readonly switches: Switches;
  readonly functions: Functions;
  readonly logLines: LogLines;
}

/**
 * Serves what functions and commands need of Lambda's API (`Invoke`, `GetFunction`, `GetEventSourceMapping`,
 * `UpdateEventSourceMapping`), of EventBridge's (`DescribeRule`, `EnableRule`, `DisableRule`), and of CloudWatch Logs' (`FilterLogEvents`).
 * @returns its URL, without a trailing slash
 */
export async function serveControl(controlled: Controlled, stops: Stop[]): Promise<string> {
  const server = createServer(async (request, response) => {
    const code = codeAt(request.url, controlled.functions);
    if (code !== undefined) {
      response.writeHead(200, { 'content-type': 'application/zip' }).end(code);
      return;
    }
    const { status, error, functionError, body } = await answer(
      request,
      await text(request).catch(() => ''),
      controlled,
    );
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-amzn-RequestId': randomUUID(),
      ...(error && { 'x-amzn-ErrorType': error }),
      ...(functionError && { 'x-amz-function-error': functionError }),
    });
    response.end(JSON.stringify(body ?? null));
  });
  stops.push(() => closeServer(server));
  return listen(server, undefined, 'Lambda, EventBridge and CloudWatch Logs');
}

async function answer(
  request: IncomingMessage,
  body: string,
  { switches: { mappings, rules }, functions, logLines }: Controlled,
): Promise<Answer> {
  const [, name] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/.exec(request.url ?? '') ?? [];
  if (name !== undefined && request.method === 'POST') {
    const type = request.headers['x-amz-invocation-type'];
    return answerInvocation(functions, decodeURIComponent(name), type?.toString(), body);
  }
  const described = answerFunction(request, functions);
  if (described !== undefined) return described;
  const json = parseJson(body);
  const [, ofLogs] = /^Logs_20140328\.(\w+)$/.exec(String(request.headers['x-amz-target'])) ?? [];
  if (ofLogs !== undefined) return answerLogs(ofLogs, json, logLines.all);
  const [, operation] = /^AWSEvents\.(\w+)$/.exec(String(request.headers['x-amz-target'])) ?? [];
  if (operation !== undefined) return answerRule(operation, String(recordOf(json)?.Name), rules);
  const [, uuid] = /^\/2015-03-31\/event-source-mappings\/([^/?]+)/.exec(request.url ?? '') ?? [];
  if (uuid === undefined) return refusal(404, 'UnknownOperationException', 'This is not supported locally.');
  return answerMapping(request.method, decodeURIComponent(uuid), json, mappings);
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html */
function answerMapping(
  method: string | undefined,
  uuid: string,
  json: unknown,
  mappings: Switches['mappings'],
): Answer {
  const mapping = mappings.get(uuid);
  if (mapping === undefined) {
    return refusal(404, 'ResourceNotFoundException', 'The resource you requested does not exist.');
  }
  const { Enabled } = recordOf(json) ?? {};
  if (method === 'PUT' && typeof Enabled === 'boolean') mapping.turn(Enabled);
  const State = mapping.isOn() ? 'Enabled' : 'Disabled';
  return { status: method === 'PUT' ? 202 : 200, body: { UUID: uuid, State } };
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html */
function answerRule(operation: string, name: string, rules: Switches['rules']): Answer {
  const rule = rules.get(name);
  if (rule === undefined) {
    const reason = `Rule ${name} does not exist on EventBus default.`;
    return refusal(400, 'ResourceNotFoundException', reason);
  }
  if (operation === 'EnableRule' || operation === 'DisableRule') rule.turn(operation === 'EnableRule');
  else if (operation !== 'DescribeRule') {
    return refusal(400, 'UnknownOperationException', `${operation} is not supported by the local stack.`);
  }
  return { status: 200, body: { Name: name, State: rule.isOn() ? 'ENABLED' : 'DISABLED' } };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
