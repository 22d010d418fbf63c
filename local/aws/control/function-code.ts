import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { type Functions, functionOf } from '../lambda/functions.ts';
import { type Answer, refusal } from './answer.ts';

/**
 * https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
 * @returns undefined for another request
 */
export function answerFunction(
  { method, url = '', headers }: IncomingMessage,
  functions: Functions,
): Answer | undefined {
  const [, path] = /^\/2015-03-31\/functions\/([^/?]+)$/.exec(url) ?? [];
  if (path === undefined || method !== 'GET') return undefined;
  const found = functionOf(functions, decodeURIComponent(path));
  if (found === undefined) return refusal(404, 'ResourceNotFoundException', `Function not found: ${path}`);
  const { functionName, arn, environment } = found.settings;
  return {
    status: 200,
    body: {
      Configuration: {
        FunctionName: functionName,
        FunctionArn: arn,
        Environment: { Variables: environment },
      },
      Code: {
        RepositoryType: 'S3',
        Location: `http://${headers.host}${codePath}${encodeURIComponent(functionName)}`,
      },
    },
  };
}

const codePath = '/code/';

/** @returns the code of a function in a ZIP file, as AWS has it; undefined where the URL is of something else */
export function codeAt(url = '', functions: Functions): Uint8Array | undefined {
  if (!url.startsWith(codePath)) return undefined;
  const found = functions.get(decodeURIComponent(url.slice(codePath.length)));
  if (found === undefined) return undefined;
  const { codeDirectory } = found.settings;
  const files = readdirSync(codeDirectory).map(
    (name) => [name, readFileSync(join(codeDirectory, name))] as const,
  );
  return zipSync(Object.fromEntries(files), { level: 1 });
}
