import { compileExplanations, compileRules } from '../../../functions/core/mapping/compile-rules.ts';
import { listOf, type OneOrMore, type Rule } from '../../../functions/core/mapping/rule.ts';
import { fillFields } from '../../../infra/cli/webhooks/fill-fields.ts';
import { sampleEvents } from '../../../infra/cli/webhooks/sample-events.ts';
import type { PurgerConfig } from '../../../infra/settings/purger-config.ts';
import { edgeHostOf } from '../hosts.ts';
import { type LocalObjects, watchedObjects } from '../s3-source.ts';
import type { Sample } from './sample.ts';

/** A rule that waits longer is not waited for, in seconds. */
const longestDelaySeconds = 30;

/** @returns an object or entry for each rule of a configuration, so that the demo is about the user's own site */
export function samplesOf(config: PurgerConfig): readonly Sample[] {
  return config.rules.map((rule, index) => {
    const title = rule.name === undefined ? `rules[${index}]` : `Rule "${rule.name}"`;
    const delay = delayOf(rule, config.rules);
    if (delay > longestDelaySeconds) {
      return none(
        title,
        `its changes wait for ${delay} s, as \`delaySeconds\` says: no sample waits so long`,
      );
    }
    return rule.match.source === 's3' ? objectOf(index, title, config) : entryOf(rule, index, title, config);
  });
}

function none(title: string, reason: string): Sample {
  return { kind: 'none', title, reason };
}

/** Another rule of the source may match the same change. */
function delayOf({ match: { source } }: Rule, rules: readonly Rule[]): number {
  const same = rules.filter(({ match }) => match.source === source);
  return Math.max(...same.map(({ delaySeconds = 0 }) => delaySeconds));
}

function objectOf(index: number, title: string, config: PurgerConfig): Sample {
  const explain = compileExplanations(config);
  const rule = config.rules[index];
  const actions = rule?.match.action === undefined ? (['put', 'delete'] as const) : [rule.match.action];
  for (const objects of watchedObjects(config)) {
    for (const key of keysFor(rule, index, objects)) {
      for (const action of actions) {
        const { bucket } = objects;
        const change = changeOf(action, { bucket, key });
        const made = explain(change)[index];
        if (made?.matched !== true || made.entries.length === 0) continue;
        const urls = made.entries.flatMap((entry) => (entry.kind === 'file' ? [entry.url] : []));
        return { kind: action, title: `${title}: S3 ${action} ${change.id}`, bucket, key, urls };
      }
    }
  }
  return none(title, 'no sample object fits it: --events DIR plays events of yours');
}

/** @returns whether an object is watched, and shown at a file's URL */
export function showsObject(
  config: PurgerConfig,
  { key, bucket, prefix, suffix }: LocalObjects & { readonly key: string },
): boolean {
  const { entries } = compileRules(config).map(changeOf('put', { bucket, key }));
  return key.startsWith(prefix) && key.endsWith(suffix) && entries.some(({ kind }) => kind === 'file');
}

function changeOf(
  action: 'put' | 'delete',
  { bucket, key }: { readonly bucket: string; readonly key: string },
) {
  const occurredAt = new Date(0).toISOString();
  return { source: 's3', action, id: `s3://${bucket}/${key}`, bucket, key, occurredAt } as const;
}

/** @returns keys that the rule may match among those that are watched */
function keysFor(rule: Rule | undefined, index: number, { prefix, suffix }: LocalObjects): readonly string[] {
  const { key, prefix: own } = rule?.match ?? {};
  const patterns = key !== undefined ? listOf(key) : listOf(own ?? '').map((each) => `${each}{+path}`);
  const names = patterns.flatMap((pattern) => filled(pattern, `sample-${index + 1}`));
  const all = names.flatMap((name) => [name, name + suffix, prefix + name, prefix + name + suffix]);
  return all.filter((name) => name.startsWith(prefix) && name.endsWith(suffix));
}

/** @returns what a pattern of keys or files may match, the likeliest first */
function filled(pattern: string, name: string): readonly string[] {
  const values = [`${name}.html`, `${name}/page.html`, name, `${name}/index.html`, 'index.html', 'en', '1'];
  // What has more behind it is a plain name.
  const fill = (value: string, crosses: boolean, isLast: boolean) => {
    if (!isLast) return name;
    return crosses ? value : (value.split('/')[0] ?? name);
  };
  return values.map((value) =>
    pattern.replace(/\{(\+?)[^{}]*\}/g, (variable, plus: string, offset: number) =>
      fill(value, plus !== '', offset + variable.length === pattern.length),
    ),
  );
}

function entryOf(rule: Rule, index: number, title: string, config: PurgerConfig): Sample {
  const { source, webhook: names } = rule.match;
  const webhook = (config.webhooks ?? []).find(
    ({ source: own, name = own }) => own === source && (names === undefined || listOf(names).includes(name)),
  );
  const sample = sampleEvents[source];
  const [event] = Object.keys(sample?.events ?? {});
  if (webhook === undefined || sample === undefined || event === undefined) {
    return none(title, `no webhook of ${source} is received that it matches`);
  }
  if (rule.match.action === 'delete') {
    return none(title, `it is for deletes alone: cdn-purger send ${source} delete tries it`);
  }
  const name = webhook.name ?? source;
  const made = sample.events[event]?.(new Date().toISOString()) ?? { body: {} };
  const given = Object.entries(valuesFor(rule, index, config, webhook)).filter(
    ([field]) => field in sample.fields,
  );
  const { headers = {}, body } = fillFields(
    made,
    sample.fields,
    given.map(([field, value]) => `${field}=${value}`),
  );
  return {
    kind: 'webhook',
    title: `${title}: ${source} ${event}`,
    webhook: name,
    rule: rule.name ?? `rules[${index}]`,
    headers,
    body: JSON.stringify(body),
  };
}

/** @returns what the rule asks for, and names of this sample's own */
function valuesFor(
  { match, purge }: Rule,
  index: number,
  config: PurgerConfig,
  webhook: {
    readonly source: string;
    readonly files?: readonly string[];
    readonly stack?: OneOrMore<string>;
  },
): Readonly<Record<string, string>> {
  const name = `sample-${index + 1}`;
  const first = (patterns: OneOrMore<string> | undefined) =>
    listOf(patterns).map((pattern) => filled(pattern, name)[2] ?? pattern)[0];
  const { source, files, stack } = webhook;
  const isPath = ['contentstack', 'builder-io'].includes(source);
  const host = edgeHostOf({ rules: [{ match, purge }, ...config.rules] });
  const wanted = {
    id: name,
    slug: name,
    codename: name,
    url: isPath ? `/${name}` : `https://${host}/${name}/`,
    path: source === 'drupal' ? `/${name}` : (first(files) ?? name),
    type: first(match.type),
    locale: first(match.locale),
    environment: first(match.environment),
    stack: first(stack),
  };
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([field, value]) => (value ? [[field, value]] : [])),
  );
}
