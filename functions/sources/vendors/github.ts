import { compilePattern, type Pattern } from '../../core/mapping/patterns/pattern.ts';
import type { EntryChange, FieldValue } from '../../core/model/types.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { defineJsonSource, type SourceContext } from '../toolkit/define-json-source.ts';
import { changeOf, changeOfAllEntries } from '../toolkit/entry-change.ts';
import {
  type JsonObject,
  listAt,
  type ParsedObject,
  parseJsonObject,
  parseJsonText,
  stringAt,
  unexpected,
  valueAt,
} from '../toolkit/payload.ts';
import { isoOfMs } from '../toolkit/time.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

const scheme = { kind: 'hmac', header: 'x-hub-signature-256', prefix: 'sha256=' } as const;
/** A push's list of commits ends here, and a commit's lists of files at 3,000: then something may be missing. */
const maxCommits = 2048;
const maxFilesOfCommit = 3000;
/** More files than this are purged by prefix, too: so many URLs would take CDN Pro longer. */
const maxFiles = 5000;
const noCommit = /^0+$/;

/**
 * Pushes to a repository on GitHub: one change for each file that the push added, modified or removed. `{path}` is
 * the file's path, `{slug}` its name without extension, or what the option `files` captures. A push that was forced,
 * that made the branch, or whose lists are cut does not tell what changed: everything is purged by prefix.
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github = defineJsonSource({
  name: 'github',
  options: ['branches', 'files', 'sweep'],
  verification: scheme,
  parse,
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const event = headerOf(request, 'x-github-event');
  if (event === 'ping') return ignored('a ping');
  if (event !== undefined && event !== 'push') return ignored(`${event.slice(0, 60)} is not a push`);
  return (push: JsonObject) => readPush(push, context);
}

function readPush(push: JsonObject, context: SourceContext): Reading {
  const ref = stringAt(push, 'ref');
  if (ref === undefined) return unexpected('ref', 'a string such as "refs/heads/main"', valueAt(push, 'ref'));
  const main =
    stringAt(push, 'repository', 'default_branch') ?? stringAt(push, 'repository', 'master_branch');
  const branches = context.options.branches ?? (main === undefined ? ['main', 'master'] : [main]);
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined;
  if (branch === undefined || !branches.includes(branch)) {
    return ignored(`${JSON.stringify(ref.slice(0, 60))} is not a branch that is deployed`);
  }
  if (valueAt(push, 'deleted') === true) return ignored('the branch was deleted');
  const changes = readFiles(push, context);
  if (changes === undefined) {
    if (context.options.sweep === false) return ignored('the push does not say which files changed');
    const everything = changeOfAllEntries(context, { id: ref, times: [timeOf(push)] });
    return { kind: 'changes', changes: [everything] };
  }
  return changes.length === 0 ? ignored('no content file changed') : { kind: 'changes', changes };
}

/** GitHub sends JSON, or a form with JSON in it where the webhook was set up so. */
function parse(body: Uint8Array): ParsedObject {
  if (body[0] !== 'p'.charCodeAt(0)) return parseJsonObject(body);
  const payload = new URLSearchParams(Buffer.from(body).toString('utf8')).get('payload') ?? '';
  const parsed = parseJsonText(payload, '`payload`');
  return parsed.kind === 'malformed' ? parsed : parseJsonObject(Buffer.from(payload));
}

/** @returns a change for each content file; undefined where the push does not tell which files changed */
function readFiles(push: JsonObject, context: SourceContext): readonly EntryChange[] | undefined {
  const commits = listAt(push, 'commits');
  const before = stringAt(push, 'before');
  const isWhole =
    valueAt(push, 'forced') !== true &&
    valueAt(push, 'created') !== true &&
    !(before !== undefined && noCommit.test(before)) &&
    commits.length > 0 &&
    commits.length < maxCommits;
  if (!isWhole) return undefined;
  const actions = new Map<string, 'put' | 'delete'>();
  for (const commit of commits) {
    for (const list of ['added', 'modified', 'removed'] as const) {
      const files = listAt(commit, list);
      if (files.length >= maxFilesOfCommit) return undefined;
      // Commits come in their order, so the last one that names a file holds.
      for (const file of files) {
        if (typeof file === 'string') actions.set(file, list === 'removed' ? 'delete' : 'put');
      }
    }
  }
  if (actions.size > maxFiles) return undefined;
  const patterns = (context.options.files ?? ['{+path}']).map(compilePattern);
  const time = timeOf(push);
  const branch = (stringAt(push, 'ref') ?? '').slice('refs/heads/'.length);
  return [...actions].flatMap(([file, action]) => {
    const metadata = fieldsOfFile(file, patterns);
    if (metadata === undefined) return [];
    const found = { action, id: file, type: 'file', times: [time], skipMemory: true };
    return [changeOf(context, { ...found, metadata: { ...metadata, environment: branch } })];
  });
}

function fieldsOfFile(
  file: string,
  patterns: readonly Pattern[],
): Readonly<Record<string, FieldValue>> | undefined {
  for (const pattern of patterns) {
    const captures = pattern.match(file);
    if (captures === undefined) continue;
    const name = file.slice(file.lastIndexOf('/') + 1);
    const fields: Record<string, FieldValue> = { path: file, slug: name.replace(/\.[^.]+$/, '') };
    for (const [key, value] of Object.entries(captures)) {
      fields[key === 'slug' || key === 'path' || key === 'url' ? key : `fields.${key}`] = value;
    }
    return fields;
  }
  return undefined;
}

/** When it was pushed; a commit's own time may be years older. */
function timeOf(push: JsonObject): string | undefined {
  const pushedAt = valueAt(push, 'repository', 'pushed_at');
  if (typeof pushedAt === 'number' && pushedAt > 0 && pushedAt < 1e11) return isoOfMs(pushedAt * 1000);
  return stringAt(push, 'repository', 'pushed_at') ?? stringAt(push, 'head_commit', 'timestamp');
}
