import { listOf } from '../../functions/core/mapping/rule.ts';
import { withHosts } from '../../functions/core/mapping/urls/hosts.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';

/** The host of requests to the edge's own address where no rule names one. */
const anyHost = 'www.example.com';

/** @returns the hosts that the rules' URLs name, with `*` for what only a change gives: the hosts that count as deployed */
export function hostsOf({ rules }: Pick<PurgerConfig, 'rules'>): readonly string[] {
  const templates = rules.flatMap(({ purge }) => {
    const { fileUrls = [], dirUrls = [], regexPatterns = [], hosts } = purge;
    return withHosts([...fileUrls, ...dirUrls, ...regexPatterns], listOf(hosts));
  });
  return [...new Set(templates.map(({ whole }) => hostOf(whole)))];
}

/** @returns the host of requests to the edge's own address: the first that a rule names as a whole */
export function edgeHostOf(config: Pick<PurgerConfig, 'rules'>): string {
  return hostsOf(config).find((host) => !host.includes('*')) ?? anyHost;
}

/** Of a template; a variable that may cross slashes ends a host that has begun. */
function hostOf(template: string): string {
  const [, authority = '{url}'] = /^[A-Za-z]+:\/\/((?:[^/{}]|\{[^+{}]*\})+)/.exec(template) ?? [];
  return authority
    .replace(/:\d+$/, '')
    .replace(/\{[^{}]*\}/g, '*')
    .toLowerCase();
}
