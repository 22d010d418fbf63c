import { compilePattern, type Pattern } from '../../core/mapping/pattern.ts';
import type { EntryChange, FieldValue } from '../../core/model/types.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { changeOf, changeOfAllEntries } from '../toolkit/entry-change.ts';
import {
  type JsonObject,
  listAt,
  parseJsonObject,
  parseJsonText,
  textAt,
  unexpected,
  valueAt,
} from '../toolkit/payload.ts';
import { isoOfMs } from '../toolkit/time.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type Malformed,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'github';
const SCHEME = { kind: 'hmac', header: 'x-hub-signature-256', prefix: 'sha256=' } as const;
/** A push's list of commits ends here, and a commit's lists of files at 3,000: then something may be missing. */
const MAX_COMMITS = 2048;
const MAX_FILES_OF_COMMIT = 3000;
/** More files than this are purged by prefix, too: so many URLs would take CDN Pro longer. */
const MAX_FILES = 5000;
const NO_COMMIT = /^0+$/;

/**
 * Pushes to a repository on GitHub: one change for each file that the push added, modified or removed. `{path}` is
 * the file's path, `{slug}` its name without extension, or what the option `files` captures. A push that was forced,
 * that made the branch, or whose lists are cut does not tell what changed: everything is purged by prefix.
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github = defineSource({
  name: NAME,
  options: ['branches', 'files', 'sweep'],
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const event = headerOf(request, 'x-github-event');
  if (event === 'ping') return ignored('a ping');
  if (event !== undefined && event !== 'push') return ignored(`${event.slice(0, 60)} is not a push`);
  const parsed = parseBody(request);
  if (parsed.kind === 'malformed') return parsed;
  const push = parsed.value;
  const ref = textAt(push, 'ref');
  if (ref === undefined) return unexpected('ref', 'a text such as "refs/heads/main"', valueAt(push, 'ref'));
  const main = textAt(push, 'repository', 'default_branch') ?? textAt(push, 'repository', 'master_branch');
  const branches = context.options.branches ?? (main === undefined ? ['main', 'master'] : [main]);
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined;
  if (branch === undefined || !branches.includes(branch)) {
    return ignored(`${JSON.stringify(ref.slice(0, 60))} is not a branch that is deployed`);
  }
  if (valueAt(push, 'deleted') === true) return ignored('the branch was deleted');
  const changes = readFiles(push, context);
  if (changes === undefined) {
    if (context.options.sweep === false) return ignored('the push does not say which files changed');
    return {
      kind: 'changes',
      changes: [changeOfAllEntries(NAME, context, { id: ref, times: [timeOf(push)] })],
    };
  }
  return changes.length === 0 ? ignored('no content file changed') : { kind: 'changes', changes };
}

/** GitHub sends JSON, or a form with JSON in it where the webhook was set up so. */
function parseBody(request: WebhookRequest): ReturnType<typeof parseJsonObject> {
  const [first] = request.body;
  if (first !== 'p'.charCodeAt(0)) return parseJsonObject(request.body);
  const payload = new URLSearchParams(Buffer.from(request.body).toString('utf8')).get('payload') ?? '';
  const parsed: { kind: 'parsed'; value: unknown } | Malformed = parseJsonText(payload, '`payload`');
  return parsed.kind === 'malformed' ? parsed : parseJsonObject(Buffer.from(payload));
}

/** @returns a change for each content file; undefined where the push does not tell which files changed */
function readFiles(push: JsonObject, context: ReadContext): readonly EntryChange[] | undefined {
  const commits = listAt(push, 'commits');
  const before = textAt(push, 'before');
  const isWhole =
    valueAt(push, 'forced') !== true &&
    valueAt(push, 'created') !== true &&
    !(before !== undefined && NO_COMMIT.test(before)) &&
    commits.length > 0 &&
    commits.length < MAX_COMMITS;
  if (!isWhole) return undefined;
  const actions = new Map<string, 'put' | 'delete'>();
  for (const commit of commits) {
    for (const list of ['added', 'modified', 'removed'] as const) {
      const files = listAt(commit, list);
      if (files.length >= MAX_FILES_OF_COMMIT) return undefined;
      // Commits come in their order, so the last word on a file is what holds.
      for (const file of files) {
        if (typeof file === 'string') actions.set(file, list === 'removed' ? 'delete' : 'put');
      }
    }
  }
  if (actions.size > MAX_FILES) return undefined;
  const patterns = (context.options.files ?? ['{+path}']).map(compilePattern);
  const time = timeOf(push);
  const branch = (textAt(push, 'ref') ?? '').slice('refs/heads/'.length);
  return [...actions].flatMap(([file, action]) => {
    const metadata = fieldsOfFile(file, patterns);
    if (metadata === undefined) return [];
    const found = { action, id: file, type: 'file', times: [time], isForgotten: true };
    return [changeOf(NAME, context, { ...found, metadata: { ...metadata, environment: branch } })];
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
  return textAt(push, 'repository', 'pushed_at') ?? textAt(push, 'head_commit', 'timestamp');
}
