// The child's side of a Lambda execution environment: loads one handler and runs one invocation at a time.
// Messages to the parent: ready | init-error | result | error | crash. From the parent: invoke.
// Plain JavaScript, so that a handler runs on Node itself, without type stripping or a loader.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [codeDirectory, handlerName] = process.argv.slice(2);
let invocation;

// Without its parent nothing would end this process.
process.on('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches this process, too; the parent decides when it ends.
process.on('SIGINT', () => {});
process.on('uncaughtException', (error) => leave(error, 'Runtime.UnhandledException'));
process.on('unhandledRejection', (error) => leave(error, 'Runtime.UnhandledPromiseRejection'));

const handler = await loadHandler().catch((error) => error);
if (typeof handler === 'function') {
  process.on('message', (message) => void invoke(message));
  process.send({ type: 'ready' });
} else {
  logError(handler);
  process.send({ type: 'init-error', error: asFunctionError(handler) }, () => process.exit(1));
}

/** Loads the function that `module.export` names, with the extensions that the Node.js runtime tries. */
async function loadHandler() {
  const [, moduleName, exportPath] = /^([^.]*)\.(.+)$/.exec(basename(handlerName)) ?? [];
  if (moduleName === undefined) throw named('Runtime.MalformedHandlerName', `Bad handler ${handlerName}`);
  const path = join(codeDirectory, dirname(handlerName), moduleName);
  const file = ['.js', '.mjs', '.cjs']
    .map((extension) => path + extension)
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw named('Runtime.ImportModuleError', `Cannot find module '${moduleName}'`);
  const loaded = await import(pathToFileURL(file).href);
  const found = follow(loaded, exportPath) ?? follow(loaded.default, exportPath);
  if (typeof found !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  // https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html: from Node.js 24 on, no callbacks.
  if (found.length >= 3) {
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      'Handlers with a callback are not supported; use async ones.',
    );
  }
  return found;
}

function follow(from, exportPath) {
  return exportPath.split('.').reduce((value, key) => value?.[key], from);
}

async function invoke({ event, context }) {
  invocation = context;
  try {
    const result = await handler(JSON.parse(event), contextObject(context));
    process.send({ type: 'result', payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    logError(error);
    process.send({ type: 'error', error: asFunctionError(error) });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextObject({ deadlineMs, requestId, invokedFunctionArn }) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

/** Ends the process after an uncaught error, as the runtime does. */
function leave(error, errorType) {
  logError(error);
  const requestId = invocation?.requestId;
  const message = { type: 'crash', error: { ...asFunctionError(error), errorType }, requestId };
  if (process.connected) process.send(message, () => process.exit(129));
  else process.exit(129);
}

function asFunctionError(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

/** Writes the line that the Node.js runtime writes for an error with the log format JSON. */
function logError(error) {
  const { errorType, errorMessage, trace } = asFunctionError(error);
  const line = {
    timestamp: new Date().toISOString(),
    level: 'ERROR',
    requestId: invocation?.requestId,
    message: { errorType, errorMessage, stack: trace },
  };
  console.error(JSON.stringify(line));
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}
