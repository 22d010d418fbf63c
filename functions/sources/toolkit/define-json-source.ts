import type { SourceOptions, Verification } from '../webhook-options.ts';
import type { ReadContext, Reading, WebhookRequest, WebhookSource } from '../webhook-source.ts';
import { type JsonObject, type ParsedObject, parseJsonObject } from './payload.ts';
import { verifyBy } from './verify-request.ts';

/** The context of a reading, with the name of the source, which every change carries. */
export interface SourceContext extends ReadContext {
  readonly source: string;
}

type Verifying =
  | {
      /** The scheme that every request is verified by, or a function that chooses it. */
      readonly verification:
        | Verification
        | ((options: SourceOptions, request: WebhookRequest) => Verification);
      readonly verify?: never;
    }
  | { readonly verify: WebhookSource['verify']; readonly verification?: never };

type ReadingBody =
  | {
      read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading;
      readonly readHeaders?: never;
    }
  | {
      /** For a source whose headers say what the request is about: a reading, or how to read the body. */
      readHeaders(request: WebhookRequest, context: SourceContext): Reading | ((body: JsonObject) => Reading);
      readonly read?: never;
    };

/** A source whose bodies are JSON objects: what is particular to it. */
export type JsonSource<Name extends string, Options extends readonly (keyof SourceOptions)[]> = Omit<
  WebhookSource<Name, Options>,
  'verify' | 'read'
> &
  Verifying &
  ReadingBody & {
    /** @default parseJsonObject */
    readonly parse?: (body: Uint8Array) => ParsedObject;
  };

/**
 * @returns the source, with the literal types of its name and its options. It verifies by its scheme, parses bodies
 *   within the limits of {@link parseJsonObject}, and answers those that it cannot parse as malformed.
 */
export function defineJsonSource<
  const Name extends string,
  const Options extends readonly (keyof SourceOptions)[],
>(source: JsonSource<Name, Options>): WebhookSource<Name, Options> {
  const { verification, verify, parse = parseJsonObject, readHeaders, read, ...contract } = source;
  return {
    ...contract,
    verify: verifierOf(source),
    read(request, readContext) {
      const context = { ...readContext, source: source.name };
      const readBody =
        source.readHeaders === undefined
          ? (body: JsonObject) => source.read(body, context, request)
          : source.readHeaders(request, context);
      if (typeof readBody !== 'function') return readBody;
      const parsed = parse(request.body);
      return parsed.kind === 'malformed' ? parsed : readBody(parsed.value);
    },
  };
}

function verifierOf(source: Verifying): WebhookSource['verify'] {
  if (source.verify !== undefined) return source.verify;
  const { verification } = source;
  return (request, secrets, nowMs, options) => {
    const scheme = typeof verification === 'function' ? verification(options, request) : verification;
    return verifyBy(scheme, request, secrets, nowMs);
  };
}
