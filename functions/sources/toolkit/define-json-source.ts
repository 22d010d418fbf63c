import type { SourceOptions, Verification } from '../webhook-options.ts';
import type { CustomerPin, Reading, WebhookRequest, WebhookSource } from '../webhook-source.ts';
import { DeliveryBudget, DeliveryTooLargeError } from './limits.ts';
import { type JsonObject, type ParsedObject, parseBody } from './payload.ts';
import { verifyPinned } from './signatures/verify-pinned.ts';
import { verifyBy } from './signatures/verify-request.ts';
import type { SourceContext } from './source-context.ts';
import { readingOfTooMuch } from './too-much.ts';

type Verifying<Pin extends keyof SourceOptions> =
  | {
      /** The scheme that every request is verified by, or a function that chooses it. Its secrets are the customer's. */
      readonly verification:
        | Verification
        | ((options: SourceOptions, request: WebhookRequest) => Verification);
      readonly verify?: never;
      readonly keyOf?: never;
      readonly pin?: never;
    }
  | {
      readonly verify: WebhookSource['verify'];
      /** Whose key it is: a vendor signs for all of its customers with the same one. */
      readonly keyOf: 'customer';
      readonly verification?: never;
      readonly pin?: never;
    }
  | {
      readonly verify: WebhookSource['verify'];
      readonly keyOf: 'vendor';
      readonly pin: CustomerPin<Pin>;
      readonly verification?: never;
    };

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
export type JsonSource<
  Name extends string,
  Options extends readonly (keyof SourceOptions)[],
  Pin extends keyof SourceOptions,
> = Omit<WebhookSource<Name, Options>, 'verify' | 'read' | 'pin'> &
  Verifying<Pin> &
  ReadingBody & {
    /** @default parseBody */
    readonly parse?: (body: Uint8Array) => ParsedObject;
  };

/**
 * @returns the source, with the literal types of its name and its options. It verifies by its scheme, parses bodies
 *   within the limits of a delivery, and answers those that it cannot parse as malformed. A delivery that costs more than
 *   its budget is a change of all entries of its webhook, unless the option `sweep` says that there is to be none.
 */
export function defineJsonSource<
  const Name extends string,
  const Options extends readonly (keyof SourceOptions)[],
  const Pin extends keyof SourceOptions = never,
>(source: JsonSource<Name, Options, Pin>): WebhookSource<Name, readonly [...Options, 'sweep'], Pin> {
  const { verification, verify, keyOf, parse = parseBody, readHeaders, read, ...contract } = source;
  return {
    ...contract,
    // Any delivery may be too large to be read in full.
    options: [...source.options, 'sweep'],
    verify: verifierOf(source),
    read(request, readContext) {
      const context = { ...readContext, source: source.name, budget: new DeliveryBudget() };
      try {
        const readBody =
          source.readHeaders === undefined
            ? (body: JsonObject) => source.read(body, context, request)
            : source.readHeaders(request, context);
        if (typeof readBody !== 'function') return readBody;
        const parsed = parse(request.body);
        return parsed.kind === 'malformed' ? parsed : readBody(parsed.value);
      } catch (error) {
        if (!(error instanceof DeliveryTooLargeError)) throw error;
        return readingOfTooMuch(error, context);
      }
    },
  };
}

function verifierOf(source: Verifying<keyof SourceOptions>): WebhookSource['verify'] {
  if (source.verify === undefined) {
    const { verification } = source;
    return (request, secrets, nowMs, options) => {
      const scheme = typeof verification === 'function' ? verification(options, request) : verification;
      return verifyBy(scheme, request, secrets, nowMs);
    };
  }
  return source.keyOf === 'vendor' ? verifyPinned(source.pin, source.verify) : source.verify;
}
