import { listOf, type Rule } from '../../../../functions/core/mapping/rule.ts';
import { withHosts } from '../../../../functions/core/mapping/urls/hosts.ts';
import type { CompleteSettings } from '../../settings.ts';

/** `https://www.example.com/*`: everything for CloudFront, and the top level alone for CDN Pro. */
const atRoot = /^https?:\/\/[^/]+\/\*$/;

/** @returns a warning for each rule whose wildcards purge less or harm more than their author is likely to mean */
export function warnOfWildcards({ rules }: CompleteSettings): readonly string[] {
  return rules.flatMap((rule, index) => {
    const name = rule.name === undefined ? `rules[${index}]` : `The rule "${rule.name}"`;
    const { dirs, patterns } = wildcardsOf(rule);
    const root = dirs.find((url) => atRoot.test(url));
    const [deleted] =
      rule.action === 'delete' ? [...dirs.filter((url) => url.includes('*')), ...patterns] : [];
    return [
      ...(root === undefined
        ? []
        : [
            `${name} purges the files next to the home page by ${JSON.stringify(root)}, and neither the home page nor what is in ` +
              `directories: write ${JSON.stringify(`${root}*`)} for the whole host.`,
          ]),
      ...(deleted === undefined
        ? []
        : [
            `${name} deletes all that ${JSON.stringify(deleted)} covers, so that the origin has to answer for each of these ` +
              'pages at once: leave `action` out, and a delete deletes what is gone and invalidates what a wildcard covers.',
          ]),
    ];
  });
}

function wildcardsOf({ purge: { hosts, dirUrls, regexPatterns } }: Rule) {
  const wholes = (templates: readonly string[] | undefined) =>
    withHosts(templates, listOf(hosts)).map(({ whole }) => whole);
  return { dirs: wholes(dirUrls), patterns: wholes(regexPatterns) };
}
