import type { PurgerDescription } from '../../infra/operation/description.ts';
import { usualLimits } from './measured-account.ts';

/** @returns what a stack would write of a purger, with these fields */
export function descriptionWith(fields: Partial<PurgerDescription> = {}): PurgerDescription {
  return {
    v: 1,
    name: 'P',
    target: 'production',
    credentials: 'cdn-pro/api',
    endpoint: 'https://api.cdnetworks.com',
    queues: { buffer: 'https://sqs/1/buffer', deadLetters: 'https://sqs/1/dead' },
    tables: { ledger: 'L', parked: 'P', journal: 'J' },
    limits: usualLimits,
    planning: { maxFileUrls: 1000, maxBodyBytes: 524_288, convertInShortage: [] },
    switches: { submit: '1', tick: 'tick' },
    webhooks: [],
    buckets: [],
    hosts: [],
    leftOut: 0,
    ...fields,
  };
}
