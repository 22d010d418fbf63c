import { listOf, type Rule } from '../../../functions/core/mapping/rule.ts';
import { withHosts } from '../../../functions/core/mapping/urls/hosts.ts';

/** @returns the hosts that the rules' URLs name, each once, with `*` for what only a change gives */
export function hostsOf({ rules }: { readonly rules: readonly Rule[] }): readonly string[] {
  const templates = rules.flatMap(({ purge }) => {
    const { fileUrls = [], dirUrls = [], regexPatterns = [], hosts } = purge;
    return withHosts([...fileUrls, ...dirUrls, ...regexPatterns], listOf(hosts));
  });
  return [...new Set(templates.map(({ whole }) => hostOf(whole)))];
}

/** Of a template; a variable that may cross slashes ends a host that has begun. */
function hostOf(template: string): string {
  const [, authority = '{url}'] = /^[A-Za-z]+:\/\/((?:[^/{}]|\{[^+{}]*\})+)/.exec(template) ?? [];
  return authority
    .replace(/:\d+$/, '')
    .replace(/\{[^{}]*\}/g, '*')
    .toLowerCase();
}
