import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { type PushForm, readRefPush } from '../toolkit/git-push.ts';
import {
  type JsonObject,
  listAt,
  type ParsedObject,
  parseBody,
  parseJsonText,
  stringAt,
  unexpected,
  valueAt,
} from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { isoOfMs } from '../toolkit/time.ts';
import { ignored, type WebhookRequest } from '../webhook-source.ts';

const scheme = { kind: 'hmac', header: 'x-hub-signature-256', prefix: 'sha256=' } as const;
/** A push's list of commits ends here, and a commit's lists of files at 3,000: then something may be missing. */
const maxCommits = 2048;
const maxFilesOfCommit = 3000;
const lists = ['added', 'modified', 'removed'] as const;

const form: PushForm = { defaultBranch: ['repository', 'default_branch'], commitsOf, timeOf };

/**
 * Pushes to a repository on GitHub: one change for each file that the push added, modified or removed. `{path}` is
 * the file's path, `{slug}` its name without extension, or what the option `files` captures. A push that was forced,
 * that made the branch, or whose lists are cut does not tell what changed: everything is purged by prefix.
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github = defineJsonSource({
  name: 'github',
  options: ['branches', 'files'],
  verification: scheme,
  parse,
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const event = headerOf(request, 'x-github-event');
  if (event === 'ping') return ignored('a ping');
  if (event !== undefined && event !== 'push') return ignored(`${event.slice(0, 60)} is not a push`);
  return (push: JsonObject) => readRefPush(push, form, context);
}

/** @returns the commits; undefined where they do not tell all that the push changed */
function commitsOf(push: JsonObject): readonly unknown[] | undefined {
  const commits = listAt(push, 'commits');
  const isWhole =
    valueAt(push, 'forced') !== true &&
    valueAt(push, 'created') !== true &&
    commits.length > 0 &&
    commits.length < maxCommits &&
    commits.every((commit) => lists.every((list) => listAt(commit, list).length < maxFilesOfCommit));
  return isWhole ? commits : undefined;
}

/** GitHub sends JSON, or a form with JSON in it where the webhook was set up so. */
function parse(body: Uint8Array): ParsedObject {
  if (body[0] !== 'p'.charCodeAt(0)) return parseBody(body);
  const payload = new URLSearchParams(Buffer.from(body).toString('utf8')).get('payload') ?? '';
  const parsed = parseJsonText(payload, '`payload`');
  if (parsed.kind === 'malformed') return parsed;
  const { value } = parsed;
  return isRecord(value) ? { kind: 'parsed', value } : unexpected('payload', 'a JSON object', value);
}

/** When it was pushed; a commit's own time may be years older. */
function timeOf(push: JsonObject): string | undefined {
  const pushedAt = valueAt(push, 'repository', 'pushed_at');
  if (typeof pushedAt === 'number' && pushedAt > 0 && pushedAt < 1e11) return isoOfMs(pushedAt * 1000);
  return stringAt(push, 'repository', 'pushed_at') ?? stringAt(push, 'head_commit', 'timestamp');
}
