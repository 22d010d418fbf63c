import { defaultMaxAgeMs } from '../../../functions/aws/secrets.ts';
import { parseCredentials } from '../../../functions/cdn-pro/auth.ts';
import {
  type CheckingClient,
  createCdnProClient,
  type Reading,
  type SendOptions,
} from '../../../functions/cdn-pro/client.ts';
import type { DeployedHosts } from '../../../functions/cdn-pro/hostnames.ts';
import { noTokens } from '../../../functions/core/limits/tokens/quota.ts';
import { counted } from '../counted.ts';
import { pasteable } from '../next.ts';
import type { Purger } from '../purger/connect.ts';
import { openLimits } from '../purger/limits.ts';
import { openSecrets, secretStoredMs } from '../purger/secrets.ts';
import { quotaReport } from '../queries/quota.ts';
import { type Check, failed, look, ok } from './check.ts';

const name = 'credentials';
const fix =
  'put {"username","apiKey"} or {"accessKey","secretKey"} into the secret, which the next request reads within minutes: docs/operations.md#rotate-secrets';

/** @returns whether CDN Pro takes the credentials, and whether it knows the rules' hosts and quotas */
export async function checkCdnPro(purger: Purger): Promise<readonly Check[]> {
  return look(name, fix, async () => {
    const secrets = await openSecrets(purger);
    const credentials = parseCredentials(await secrets.read(purger.credentials));
    const { endpoint, target } = purger;
    const nowMs = Date.now;
    const client = createCdnProClient({ endpoint, credentials: async () => credentials, nowMs });
    const ask = await openQuestions(purger, await client.prepare());
    const tokens = await ask((api, options) => api.purgeTokens(target, options));
    if (tokens === undefined) return [(await refusedBefore(purger)) ?? noSlot('CDN Pro')];
    const { value, status } = tokens;
    if (value === undefined) return [refused(status, purger)];
    const left = `${counted(value.files, 'file')}, ${counted(value.dirs, 'directory', 'directories')} left`;
    const storedMs = await secretStoredMs(purger, purger.credentials);
    const accepted = ok(name, `${endpoint} accepts them: ${left}${describeNewSecret(storedMs, nowMs())}`);
    const hosts = await ask((api, options) => api.hostnames(target, options));
    const quotas = await ask((api, options) => api.serviceQuotas(options));
    return [accepted, ...checkHosts(purger, hosts), ...checkQuotas(purger, quotas?.value?.[target])];
  });
}

/**
 * @param storedMs when the secret was stored, in milliseconds
 * @returns until when functions may use the value before, where that may be so now
 */
export function describeNewSecret(storedMs: number | undefined, nowMs: number): string {
  if (storedMs === undefined || nowMs - storedMs >= defaultMaxAgeMs) return '';
  const [stored, until] = [storedMs, storedMs + defaultMaxAgeMs].map((ms) => new Date(ms).toISOString());
  return `; the secret was stored at ${stored}, and functions may use the one before until ${until}, or until CDN Pro refuses it`;
}

type Question<Value> = (api: CheckingClient, options: SendOptions) => Promise<Reading<Value>>;

/**
 * @returns a function that asks in a slot of its own, since CDN Pro counts questions like purges; it gives undefined where
 *   there is none to spare
 */
async function openQuestions(purger: Purger, api: CheckingClient) {
  const limits = await openLimits(purger);
  return async <Value>(question: Question<Value>): Promise<Reading<Value> | undefined> => {
    const request = {
      fillRatio: 1,
      oldestChangeMs: Date.now(),
      lane: 'bulk',
      target: purger.target,
      price: noTokens,
      senders: {},
    } as const;
    const grant = await limits.reserve([request]);
    const [slot] = grant.kind === 'granted' ? grant.slots : [];
    if (grant.kind !== 'granted' || slot === undefined) return undefined;
    const reading = await question(api, { sentByMs: grant.sentByMs });
    if (reading.status !== undefined) limits.answered(slot, { remaining: reading.remaining });
    return reading;
  };
}

/** @returns that the purger was refused a moment ago, for which it leaves CDN Pro alone for a while */
async function refusedBefore(purger: Purger): Promise<Check | undefined> {
  const state = await (await openLimits(purger)).read();
  const { requests } = quotaReport(state, purger, Date.now());
  const { closedBy, closedUntil } = requests;
  if (closedBy !== 'CDN Pro refuses the credentials') return undefined;
  return failed(name, `CDN Pro has refused them; no request goes out before ${closedUntil}`, fix);
}

function noSlot(what: string): Check {
  return {
    name: what,
    result: 'skipped',
    found: 'no request is free just now',
    fix: `${pasteable('quota')}  # when one is; then run this again`,
  };
}

function refused(status: number | undefined, { endpoint }: Purger): Check {
  if (status === undefined) {
    return failed('CDN Pro', `${endpoint} does not answer`, 'is the endpoint right, and CDN Pro up?');
  }
  const isCredentials = status === 401 || status === 403;
  const advice = isCredentials
    ? fix
    : "changes wait, and go on by themselves once it answers; else ask CDNetworks' support";
  const right = status === 403 ? ', or the user may not purge' : '';
  return failed(isCredentials ? name : 'CDN Pro', `${endpoint} answers ${status}${right}`, advice);
}

function checkHosts(
  { hosts, target, leftOut }: Purger,
  reading: Reading<DeployedHosts> | undefined,
): readonly Check[] {
  const check = 'hosts';
  const named = hosts.filter((host) => !host.includes('*'));
  if (named.length === 0) return [];
  if (reading === undefined) return [noSlot(check)];
  if (reading.value === undefined) {
    const found = `CDN Pro does not list the deployed hosts (${reading.status ?? 'no answer'})`;
    return [{ name: check, result: 'skipped', found }];
  }
  const { hosts: deployed, isPart } = reading.value;
  const missing = named.filter((host) => !deployed.some((each) => isHost(host, each)));
  const more = leftOut > 0 ? `; ${leftOut} were not looked at` : '';
  if (missing.length === 0)
    return [ok(check, `${counted(named.length, 'host')} of the rules: deployed in ${target}${more}`)];
  const found = `${missing.join(', ')} not among the ${deployed.length} that are deployed in ${target}${more}`;
  const advice = 'deploy the host in CDN Pro, or correct `target` or the host in the rule';
  // Of more than 200, nobody knows.
  return isPart ? [{ name: check, result: 'skipped', found }] : [failed(check, found, advice)];
}

/** @returns whether a deployed name, which may begin with `*.`, is of a host */
export function isHost(host: string, deployed: string): boolean {
  return deployed.startsWith('*.') ? host.endsWith(deployed.slice(1)) : host === deployed;
}

function checkQuotas(
  { limits, target }: Purger,
  told: { readonly files: number; readonly dirs: number } | undefined,
): readonly Check[] {
  if (told === undefined) return [];
  const { files = told.files, dirs = told.dirs } = limits.quota[target] ?? {};
  const found = `CDN Pro says ${told.files} files and ${told.dirs} directories a day in ${target}`;
  if (files <= told.files && dirs <= told.dirs) return [ok('quota', found)];
  const advice = `set \`quota.${target}\` to it, or leave it out`;
  return [failed('quota', `${found}, the configuration ${files} and ${dirs}`, advice)];
}
