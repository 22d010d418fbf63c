import { compileRegexTemplate } from '../../../../functions/core/mapping/patterns/regex-template.ts';
import { compileUrlTemplate } from '../../../../functions/core/mapping/patterns/url-template.ts';
import { listOf, type Rule } from '../../../../functions/core/mapping/rule.ts';
import { withHosts } from '../../../../functions/core/mapping/urls/hosts.ts';
import type { CompleteSettings } from '../../settings.ts';

/** @returns a warning for each rule that lets a value decide the host, while nothing says which hosts may be purged */
export function warnOfOpenHosts({ rules, allowedHosts }: CompleteSettings): readonly string[] {
  if (allowedHosts !== undefined) return [];
  return rules.flatMap((rule, index) => {
    const open = openTemplate(rule);
    if (open === undefined) return [];
    const name = rule.name === undefined ? `rules[${index}]` : `The rule "${rule.name}"`;
    return [
      `${name} lets a value decide the host of ${JSON.stringify(open)}: anybody who may write it can purge any host of the ` +
        'CDN Pro account. Name your hosts in `allowedHosts`: docs/configuration.md.',
    ];
  });
}

function openTemplate({ purge: { hosts, fileUrls, dirUrls, regexPatterns } }: Rule): string | undefined {
  const wholes = (templates: readonly string[] | undefined) =>
    withHosts(templates, listOf(hosts)).map(({ whole }) => whole);
  return (
    [...wholes(fileUrls), ...wholes(dirUrls)].find((whole) => compileUrlTemplate(whole).isHostOpen) ??
    wholes(regexPatterns).find((whole) => compileRegexTemplate(whole).isHostOpen)
  );
}
