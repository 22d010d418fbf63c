import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { countedCommits, type PushForm, readRefPush } from '../toolkit/git-push.ts';
import type { JsonObject } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type WebhookRequest } from '../webhook-source.ts';

const form: PushForm = {
  defaultBranch: ['repository', 'default_branch'],
  // The newest comes first.
  commitsOf: (push) => countedCommits(push, push.total_commits)?.toReversed(),
};

/**
 * Pushes to a repository on Gitea or Forgejo. As the source `github`, but for forced pushes, which Gitea does not tell
 * from others. It lists five commits of a push unless it is configured otherwise; of one with more, everything is purged by
 * prefix. Versions before 1.18 do not say how many there were: these purge by prefix, too.
 * @see https://docs.gitea.com/usage/webhooks
 */
export const gitea = defineJsonSource({
  name: 'gitea',
  options: ['branches', 'files'],
  verification: { kind: 'hmac', header: 'x-gitea-signature' },
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const event = headerOf(request, 'x-gitea-event') ?? 'push';
  if (event !== 'push') return ignored(`${event.slice(0, 60)} is not a push`);
  return (push: JsonObject) => readRefPush(push, form, context);
}
