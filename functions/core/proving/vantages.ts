import type { Target } from '../model/types.ts';

/**
 * From where URLs are probed after a purge, by its target: `dns` for where the function's own resolver leads, or the
 * address of an edge. An origin such as `http://127.0.0.1:4000` in place of an address sets the scheme and port, too.
 */
export type Vantages = Readonly<Record<Target, readonly string[]>>;
