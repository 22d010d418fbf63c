import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { countedCommits, type PushForm, readRefPush } from '../toolkit/git-push.ts';
import type { JsonObject } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type WebhookRequest } from '../webhook-source.ts';

const form: PushForm = {
  defaultBranch: ['project', 'default_branch'],
  commitsOf: (push) => countedCommits(push, push.total_commits_count),
};

/**
 * Pushes to a project of GitLab, which signs nothing: the secret token comes in a header. As the source `github`, but
 * for forced pushes, which GitLab does not tell from others, and for renames, of which it names the new path alone. It lists
 * the last 20 commits of a push; of one with more, everything is purged by prefix.
 * @see https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events
 */
export const gitlab = defineJsonSource({
  name: 'gitlab',
  options: ['branches', 'files'],
  verification: { kind: 'secret', in: 'header', name: 'x-gitlab-token' },
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const event = headerOf(request, 'x-gitlab-event') ?? 'Push Hook';
  if (event !== 'Push Hook') return ignored(`${event.slice(0, 60)} is not a push to a branch`);
  return (push: JsonObject) => readRefPush(push, form, context);
}
