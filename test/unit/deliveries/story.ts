import type { Setup, VendorRequest } from '../../helpers/webhook-sender.ts';

export const siteUrl = 'https://www.example.com';

/** One delivery after another to the same webhook, and what each purges. */
interface Step extends VendorRequest {
  readonly what: string;
  /** Less the site. */
  readonly purges: readonly string[];
  readonly status?: number;
}

/** A webhook, and what it receives. */
export interface Story extends Setup {
  readonly source: string;
  readonly steps: readonly Step[];
}

/** A delivery of Standard Webhooks. */
export const standard = (type: string, data: Record<string, unknown>) => ({
  body: { type, data: { id: 'e1', ...data } },
});
