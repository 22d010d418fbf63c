import type { SourceOptions } from '../../webhook-options.ts';
import type { CustomerPin, WebhookSource } from '../../webhook-source.ts';
import { parseBody } from '../payload.ts';
import { refused } from './crypto.ts';

/** @returns a verification that accepts only what the vendor signed for a customer that the webhook names */
export function verifyPinned(
  { option, customerOf }: CustomerPin<keyof SourceOptions>,
  verify: WebhookSource['verify'],
): WebhookSource['verify'] {
  return (request, secrets, nowMs, options) => {
    const verification = verify(request, secrets, nowMs, options);
    if (!verification.verified) return verification;
    const parsed = parseBody(request.body);
    const customer = parsed.kind === 'parsed' ? customerOf(parsed.value) : undefined;
    const pinned = [options[option] ?? []].flat() as readonly unknown[];
    const isOwn = customer !== undefined && pinned.includes(customer);
    return isOwn ? verification : refused(`what was signed is not of a customer that \`${option}\` names`);
  };
}
