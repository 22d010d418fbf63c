import type { TokenUnit } from '../../../functions/core/limits/limits.ts';
import { priceOf } from '../../../functions/core/limits/price.ts';
import type { Tokens } from '../../../functions/core/limits/tokens/quota.ts';
import { compileRules } from '../../../functions/core/mapping/compile-rules.ts';
import type { MappingConfig, Rule } from '../../../functions/core/mapping/rule.ts';
import { type Encoding, encodings } from '../../../functions/core/mapping/urls/encodings.ts';
import { entryKey } from '../../../functions/core/model/entry-key.ts';
import type { OriginChange, PurgeEntry } from '../../../functions/core/model/types.ts';

/** What one way to write the URLs of a change costs, in addition to those before it. */
export interface SpellingCost {
  readonly encoding: Encoding;
  readonly tokens: Tokens;
}

/**
 * @param entries what the rule makes of the change
 * @returns what each encoding costs; none where all of the URLs have one spelling
 */
export function spellingCosts(
  rule: Rule,
  entries: readonly PurgeEntry[],
  change: OriginChange,
  { target, allowedHosts }: Omit<MappingConfig, 'rules'>,
  unit: TokenUnit,
): readonly SpellingCost[] {
  const left = new Map(entries.map((entry) => [entryKey(entry), entry]));
  const costs = (rule.purge.encodings ?? encodings).flatMap((encoding) => {
    const rules = [{ ...rule, purge: { ...rule.purge, encodings: [encoding] } }];
    const { map } = compileRules({ target, rules, ...(allowedHosts && { allowedHosts }) });
    const own = map(change).entries.filter((entry) => left.delete(entryKey(entry)));
    return own.length === 0 ? [] : [{ encoding, tokens: priceOf(own, unit) }];
  });
  return costs.length > 1 ? costs : [];
}
