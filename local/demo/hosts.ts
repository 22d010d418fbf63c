import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { hostsOf } from '../../infra/settings/rules/rule-hosts.ts';

/** The host of requests to the edge's own address where no rule names one. */
const anyHost = 'www.example.com';

/** @returns the host of requests to the edge's own address: the first that a rule names as a whole */
export function edgeHostOf(config: Pick<PurgerConfig, 'rules'>): string {
  return hostsOf(config).find((host) => !host.includes('*')) ?? anyHost;
}
