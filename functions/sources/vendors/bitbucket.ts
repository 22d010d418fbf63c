import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { isDeployed, readGitPush } from '../toolkit/git-push.ts';
import { type JsonObject, stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

/**
 * Pushes to a repository on Bitbucket Cloud. Its payload names no files, so a push to a branch that is deployed purges
 * everything by prefix. Nor does it name the default branch: without the option `branches` that is `main` or `master`.
 * @see https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
 */
export const bitbucket = defineJsonSource({
  name: 'bitbucket',
  options: ['branches'],
  verification: { kind: 'hmac', header: 'x-hub-signature', prefix: 'sha256=' },
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const event = headerOf(request, 'x-event-key') ?? 'repo:push';
  if (event !== 'repo:push') return ignored(`${event.slice(0, 60)} is not a push`);
  return (body: JsonObject) => readPush(body, context);
}

function readPush(body: JsonObject, context: SourceContext): Reading {
  const changes = valueAt(body, 'push', 'changes');
  if (!Array.isArray(changes)) return unexpected('push.changes', 'a list', changes);
  // A branch that was deleted has no `new`.
  const branches = changes.flatMap((change) => {
    const isBranch = isRecord(change) && stringAt(change, 'new', 'type') === 'branch';
    return isBranch ? (stringAt(change, 'new', 'name') ?? []) : [];
  });
  const branch = branches.find((name) => isDeployed(context.options, name, undefined));
  if (branch === undefined) return ignored('no branch that is deployed was pushed to');
  return readGitPush({ branch, commits: undefined }, context);
}
