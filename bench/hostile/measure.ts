import { createHmac } from 'node:crypto';
import { deliveryLimits } from '../../functions/sources/toolkit/limits.ts';
import { createDelivery } from '../../test/helpers/hostile-world.ts';

/** The largest body, in bytes. */
export const size = 4_000_000;

/** What a delivery that nobody signed costs. */
export interface Unsigned {
  readonly unsignedMs: number;
  readonly unsignedStatus: number;
  readonly hmacMs: number;
  readonly unsignedMb: number;
}

/** What a signed delivery costs. */
export interface Signed {
  readonly cpuMs: number;
  readonly statusCode: number;
  readonly residentMb: number;
}

/** Sources have smaller limits for what is parsed or escaped before it is verified: one of that size may cost the most. */
const unsignedSizes = [size, deliveryLimits.escapedBytes, deliveryLimits.unverifiedBytes];

/** @returns the most that one costs of several sizes, and what an HMAC over the largest costs, next to each other */
export async function measureUnsigned(source: string): Promise<Unsigned> {
  const hmacs: number[] = [];
  const costs: { readonly unsignedMs: number; readonly unsignedStatus: number }[] = [];
  for (const bytes of unsignedSizes) {
    const text = bodyOf(bytes);
    const { deliver } = createDelivery(source);
    const cpuMs: number[] = [];
    let unsignedStatus = 0;
    for (let round = 0; round < 15; round += 1) {
      hmacs.push(hmacMs());
      collectGarbage();
      const delivered = await deliver(text, false);
      cpuMs.push(delivered.cpuMs);
      unsignedStatus = delivered.statusCode;
    }
    costs.push({ unsignedMs: Math.min(...cpuMs), unsignedStatus });
  }
  const [most = { unsignedMs: 0, unsignedStatus: 0 }] = costs.toSorted((a, b) => b.unsignedMs - a.unsignedMs);
  // The least of several: what else runs on the machine only adds to it.
  return { ...most, hmacMs: Math.min(...hmacs), unsignedMb: residentMb() };
}

/** Signs a body, delivers it, and measures what that costs. */
export async function measureSigned(source: string, text: string): Promise<Signed> {
  const { deliver } = createDelivery(source);
  collectGarbage();
  return { ...(await deliver(text)), residentMb: residentMb() };
}

/** @returns JSON with as many quotes as that of a CMS, cut at its end */
function bodyOf(bytes: number): string {
  const field = {
    name: 'a field of an entry',
    value: 'some words of a rich text, as long as a line',
    isOn: true,
  };
  const fields = Array.from({ length: bytes / 80 }, () => field);
  return JSON.stringify({ secret: 'x', fields }).slice(0, bytes);
}

function hmacMs(): number {
  const bytes = Buffer.alloc(size, 'x');
  const before = process.cpuUsage();
  createHmac('sha256', 'secret').update(bytes).digest();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function residentMb(): number {
  return process.memoryUsage().rss / 2 ** 20;
}

function collectGarbage(): void {
  globalThis.gc?.();
}
