import type { z } from 'zod';

/** A body that was read, or what is wrong with it. */
export type JsonBody<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

/** @returns the JSON of a request, checked against a schema */
export function readJson<Value>(body: Buffer, schema: z.ZodType<Value>): JsonBody<Value> {
  const json = parse(body);
  if (json === undefined) return { ok: false, message: 'The body is not JSON in UTF-8.' };
  const parsed = schema.safeParse(json.value);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, message: describe(parsed.error) };
}

function parse(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'The body is not of the expected form.';
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `${path === '' ? 'body' : path.slice(1)}: ${issue.message}.`;
}
