import { purgeByPrefix as mapByPrefix } from '../core/mapping/purge-by-prefix.ts';
import type { MappingConfig, MappingResult } from '../core/mapping/rule.ts';
import type { EntryChange } from '../core/model/types.ts';
import { loadMapping } from '../lambda/bundled-rules.ts';

let mapping: MappingConfig | undefined;

/** Maps a change whose source does not say which entries changed, by the rules of the function. */
export function purgeByPrefix(change: EntryChange): MappingResult {
  mapping ??= loadMapping();
  return mapByPrefix(mapping, change);
}
