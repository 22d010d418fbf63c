import { type Functions, functionOf } from '../lambda/functions.ts';
import { type FunctionError, PayloadTooLargeError } from '../lambda/invocation.ts';
import { type Answer, refusal } from './answer.ts';

/** An invocation under way when the stack ends never gets an answer. */
const ended = refusal(500, 'ServiceException', 'The stack has ended.');

/**
 * Answers `Invoke` of Lambda's API for an invocation that waits for the result, which is `RequestResponse`.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @param nameOrArn of the function
 * @param type the header `x-amz-invocation-type`; missing means `RequestResponse`
 */
export async function answerInvocation(
  functions: Functions,
  nameOrArn: string,
  type: string | undefined,
  body: string,
): Promise<Answer> {
  if (type !== undefined && type !== 'RequestResponse') {
    return refusal(400, 'InvalidParameterValueException', `${type} is not supported by the local stack.`);
  }
  const target = functionOf(functions, nameOrArn);
  if (target === undefined) {
    return refusal(404, 'ResourceNotFoundException', `Function not found: ${nameOrArn}`);
  }
  const event = parse(body);
  if (event === undefined) {
    return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  try {
    const result = await target.invoke(event.json, 'invoke');
    if (result.outcome === 'stopped') return ended;
    if (result.outcome === 'returned') return { status: 200, body: result.payload };
    return { status: 200, functionError: 'Unhandled', body: errorBody(result.error) };
  } catch (error) {
    if (!(error instanceof PayloadTooLargeError)) throw error;
    return refusal(413, 'RequestTooLargeException', error.message);
  }
}

function errorBody({ errorType, errorMessage, trace = [] }: FunctionError): object {
  return { errorType, errorMessage, trace };
}

/** Without a body, a handler gets an empty object. */
function parse(body: string): { readonly json: unknown } | undefined {
  if (body === '') return { json: {} };
  try {
    return { json: JSON.parse(body) };
  } catch {
    return undefined;
  }
}
