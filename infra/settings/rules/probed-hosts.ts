import { compileUrlTemplate } from '../../../functions/core/mapping/patterns/url-template.ts';
import { listOf, type Rule } from '../../../functions/core/mapping/rule.ts';
import { withHosts } from '../../../functions/core/mapping/urls/hosts.ts';

/** What says which hosts may be probed. */
interface ProbedRules {
  readonly rules: readonly Rule[];
  readonly allowedHosts?: readonly string[];
}

/**
 * @returns the hosts that probes may ask, in the form of `allowedHosts`: those of files that rules map from S3 objects, or
 *   prove by a header. A host that a value decides is among them only where `allowedHosts` has it
 */
export function probedHosts({ rules, allowedHosts = [] }: ProbedRules): readonly string[] {
  const templates = rules
    .filter(({ match, proof }) => match.source === 's3' || proof !== undefined)
    .flatMap(({ purge }) => withHosts(purge.fileUrls, listOf(purge.hosts)))
    .map(({ whole }) => compileUrlTemplate(whole));
  const hosts = templates.flatMap(({ isHostOpen, sample }) =>
    isHostOpen ? allowedHosts : [new URL(sample).hostname],
  );
  return [...new Set(hosts)];
}
