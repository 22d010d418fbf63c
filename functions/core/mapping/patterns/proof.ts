import type { ChangeAction, OriginChange, Shows } from '../../model/types.ts';
import { compilePlainTemplate, type Variables } from './template.ts';

/** By what a CMS entry's own files are proven to be fresh. */
export interface RuleProof {
  /** The name of a header that answers with the entry's own files have, e.g. `x-entry-version`. */
  readonly header: string;
  /** The template of its value once the edge serves what was changed, e.g. `{fields.version}`. */
  readonly value: string;
}

/** @returns what an entry's own files show from a change on */
export type ShownVersion = (change: OriginChange, latest: ChangeAction, variables: Variables) => Shows;

/** What an answer can have as a header's value, and is short enough for a version. */
const version = /^[\x21-\x7e\x80-\xff]{1,200}$/;

/**
 * Compiles by what an entry's own files are proven.
 * @throws PatternError for a template that cannot be read
 */
export function compileProof({ header: name, value }: RuleProof): ShownVersion {
  const template = compilePlainTemplate(value);
  return (change, latest, variables) => {
    // biome-ignore lint/style/noRestrictedGlobals: what is parsed is given, and no clock is read.
    const sinceMs = Date.parse(change.occurredAt);
    const expansion = template.expand(variables);
    const shown = expansion.kind === 'expanded' ? expansion.results.join() : '';
    const isOrdered = !('isTimeOfDelivery' in change);
    const isPut = change.action === 'put' && latest === 'put';
    // A delete, one that may be old and sent again, or one without a version makes unknown what older ones tell.
    return isPut && isOrdered && version.test(shown)
      ? { header: { name, value: shown }, sinceMs }
      : { sinceMs };
  };
}
