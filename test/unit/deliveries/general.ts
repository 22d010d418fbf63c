import { type Story, siteUrl, standard } from './story.ts';

const push = (body: Record<string, unknown>, event = 'push') => ({
  headers: { 'x-github-event': event, 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
  body: {
    ref: 'refs/heads/main',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    created: false,
    deleted: false,
    forced: false,
    repository: { full_name: 'octo/site', default_branch: 'main', pushed_at: 1767225600 },
    commits: [],
    ...body,
  },
});

const commit = (files: { added?: string[]; modified?: string[]; removed?: string[] }) => ({
  id: 'c'.repeat(40),
  timestamp: '2019-01-01T00:00:00Z',
  added: [],
  modified: [],
  removed: [],
  ...files,
});

const gitlabPush = (body: Record<string, unknown>, event = 'Push Hook') => ({
  headers: { 'x-gitlab-event': event },
  body: {
    object_kind: 'push',
    ref: 'refs/heads/main',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    project: { default_branch: 'main' },
    total_commits_count: 1,
    commits: [],
    ...body,
  },
});

const giteaPush = (body: Record<string, unknown>) => {
  const { project, total_commits_count: total_commits, ...push } = gitlabPush({}).body;
  return {
    headers: { 'x-gitea-event': 'push' },
    body: { ...push, repository: project, total_commits, ...body },
  };
};

const bitbucketPush = (...changes: readonly unknown[]) => ({
  headers: { 'x-event-key': 'repo:push' },
  body: { push: { changes } },
});

/** Deliveries of sources that are not one content management system. */
export const generalStories: readonly Story[] = [
  {
    source: 'github',
    options: { files: ['content/{+slug}.md', 'static/{+slug}'] },
    urls: [`${siteUrl}/{+slug}`],
    steps: [
      { what: 'ping', ...push({ zen: 'Keep it logically awesome.' }, 'ping'), purges: [] },
      {
        what: 'push',
        ...push({
          commits: [
            commit({ added: ['content/a.md'], modified: ['README.md'] }),
            commit({ modified: ['static/b.css'], removed: ['content/old/c.md'] }),
          ],
        }),
        purges: ['invalidate /a', 'invalidate /b.css', 'delete /old/c'],
      },
      {
        what: 'rename',
        ...push({ commits: [commit({ added: ['content/z.md'], removed: ['content/a.md'] })] }),
        purges: ['invalidate /z', 'delete /a'],
      },
      {
        what: 'file added and removed again',
        ...push({ commits: [commit({ added: ['content/t.md'] }), commit({ removed: ['content/t.md'] })] }),
        purges: ['delete /t'],
      },
      {
        what: 'another branch',
        ...push({ ref: 'refs/heads/draft', commits: [commit({ added: ['content/a.md'] })] }),
        purges: [],
      },
      { what: 'tag', ...push({ ref: 'refs/tags/main' }), purges: [] },
      {
        what: 'files that are no content',
        ...push({ commits: [commit({ modified: ['README.md'] })] }),
        purges: [],
      },
      {
        what: 'forced push',
        ...push({ forced: true, commits: [commit({ added: ['content/a.md'] })] }),
        purges: ['invalidate /**'],
      },
      {
        what: 'new branch',
        ...push({ created: true, before: '0'.repeat(40), commits: [commit({})] }),
        purges: ['invalidate /**'],
      },
      {
        what: 'list of commits that is cut',
        ...push({ commits: Array.from({ length: 2048 }, () => commit({})) }),
        purges: ['invalidate /**'],
      },
      {
        what: 'list of files that is cut',
        ...push({
          commits: [commit({ modified: Array.from({ length: 3000 }, (_, index) => `content/${index}.md`) })],
        }),
        purges: ['invalidate /**'],
      },
      { what: 'deleted branch', ...push({ deleted: true }), purges: [] },
    ],
  },
  {
    source: 'gitlab',
    options: { files: ['content/{+slug}.md'] },
    urls: [`${siteUrl}/{+slug}`],
    steps: [
      {
        what: 'push',
        ...gitlabPush({ commits: [commit({ added: ['content/a.md'], removed: ['content/b.md'] })] }),
        purges: ['invalidate /a', 'delete /b'],
      },
      {
        what: 'file added and removed again',
        ...gitlabPush({
          total_commits_count: 2,
          commits: [commit({ added: ['content/t.md'] }), commit({ removed: ['content/t.md'] })],
        }),
        purges: ['delete /t'],
      },
      {
        what: 'list of commits that is cut',
        ...gitlabPush({ total_commits_count: 21, commits: Array.from({ length: 20 }, () => commit({})) }),
        purges: ['invalidate /**'],
      },
      {
        what: 'new branch',
        ...gitlabPush({ before: '0'.repeat(40), commits: [commit({})] }),
        purges: ['invalidate /**'],
      },
      {
        what: 'branch without commits',
        ...gitlabPush({ total_commits_count: 0 }),
        purges: ['invalidate /**'],
      },
      { what: 'deleted branch', ...gitlabPush({ after: '0'.repeat(40) }), purges: [] },
      { what: 'another branch', ...gitlabPush({ ref: 'refs/heads/draft' }), purges: [] },
      { what: 'tag', ...gitlabPush({ ref: 'refs/tags/v1' }, 'Tag Push Hook'), purges: [] },
    ],
  },
  {
    source: 'gitea',
    options: { files: ['content/{+slug}.md'] },
    urls: [`${siteUrl}/{+slug}`],
    steps: [
      {
        what: 'push, the newest commit first',
        ...giteaPush({
          total_commits: 2,
          commits: [
            commit({ removed: ['content/t.md'] }),
            commit({ added: ['content/t.md', 'content/a.md'] }),
          ],
        }),
        purges: ['delete /t', 'invalidate /a'],
      },
      {
        what: 'list of commits that is cut',
        ...giteaPush({ total_commits: 6, commits: Array.from({ length: 5 }, () => commit({})) }),
        purges: ['invalidate /**'],
      },
      {
        what: 'push of a version that does not count commits',
        ...giteaPush({ total_commits: undefined, commits: [commit({ added: ['content/a.md'] })] }),
        purges: ['invalidate /**'],
      },
      { what: 'deleted branch', ...giteaPush({ after: '0'.repeat(40) }), purges: [] },
      { what: 'tag', ...giteaPush({ ref: 'refs/tags/v1' }), purges: [] },
    ],
  },
  {
    source: 'bitbucket',
    urls: [`${siteUrl}/{+slug}`],
    steps: [
      {
        what: 'push, which names no files',
        ...bitbucketPush({ new: { type: 'branch', name: 'main' }, forced: false }),
        purges: ['invalidate /**'],
      },
      {
        what: 'push to several branches',
        ...bitbucketPush(
          { new: { type: 'branch', name: 'draft' } },
          { new: { type: 'branch', name: 'master' } },
        ),
        purges: ['invalidate /**'],
      },
      { what: 'another branch', ...bitbucketPush({ new: { type: 'branch', name: 'draft' } }), purges: [] },
      { what: 'tag', ...bitbucketPush({ new: { type: 'tag', name: 'main' } }), purges: [] },
      {
        what: 'deleted branch',
        ...bitbucketPush({ new: null, old: { type: 'branch', name: 'main' } }),
        purges: [],
      },
      { what: 'another event', headers: { 'x-event-key': 'pullrequest:created' }, body: {}, purges: [] },
    ],
  },
  {
    source: 'standard-webhooks',
    urls: [`${siteUrl}/{slug}`],
    steps: [
      { what: 'test', ...standard('webhook.test', {}), purges: [] },
      { what: 'publish', ...standard('article.published', { slug: 'hello' }), purges: ['invalidate /hello'] },
      {
        what: 'rename',
        ...standard('article.updated', { slug: 'hi' }),
        purges: ['invalidate /hi', 'delete /hello'],
      },
      { what: 'delete with an id alone', ...standard('article.deleted', {}), purges: ['delete /hi'] },
    ],
  },
  {
    source: 'generic',
    urls: [`${siteUrl}/{type}/{slug}`],
    options: {
      verification: { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' },
      payload: {
        entries: 'items',
        id: 'key.0',
        type: { header: 'x-type' },
        slug: 'attributes.slug',
        action: 'event',
        deletes: ['gone'],
        ignores: ['ping'],
        environment: 'stage',
      },
      environments: ['live'],
    },
    steps: [
      { what: 'test', headers: {}, body: { event: 'ping', stage: 'live', items: [{}] }, purges: [] },
      {
        what: 'publish of several',
        headers: { 'x-type': 'page' },
        body: {
          event: 'changed',
          stage: 'live',
          items: [
            { key: [1], attributes: { slug: 'a' } },
            { key: ['2'], attributes: { slug: 'b' } },
          ],
        },
        purges: ['invalidate /page/a', 'invalidate /page/b'],
      },
      {
        what: 'rename',
        headers: { 'x-type': 'page' },
        body: { event: 'changed', stage: 'live', items: [{ key: [1], attributes: { slug: 'c' } }] },
        purges: ['invalidate /page/c', 'delete /page/a'],
      },
      {
        what: 'another environment',
        headers: { 'x-type': 'page' },
        body: { event: 'changed', stage: 'test', items: [{ key: [1], attributes: { slug: 'd' } }] },
        purges: [],
      },
      {
        what: 'delete with ids alone',
        headers: { 'x-type': 'page' },
        body: { event: 'gone', stage: 'live', items: [{ key: [1] }, { key: [2] }] },
        purges: ['delete /page/c', 'delete /page/b'],
      },
    ],
  },
  {
    source: 'generic',
    urls: [`${siteUrl}/{environment}/{+path}`],
    rememberDays: 0,
    options: {
      verification: { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' },
      payload: { environment: 'stage', url: 'url', previous: 'before' },
    },
    steps: [
      {
        what: 'another URL, with the one before',
        body: { id: 1, stage: 'live', url: '/b', before: { url: '/a' } },
        purges: ['invalidate /live/b', 'delete /live/a'],
      },
    ],
  },
  {
    source: 'generic',
    urls: [`${siteUrl}/{environment}/{slug}`],
    apartMs: 60_000,
    options: {
      verification: { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' },
      payload: { environment: 'stage', occurredAt: 'at' },
      environments: ['live', 'beta'],
    },
    steps: [
      {
        what: 'publish',
        body: { id: 1, stage: 'live', slug: 'a', at: '{now}Z' },
        purges: ['invalidate /live/a'],
      },
      {
        what: 'publish of the same entry in another environment that visitors see',
        body: { id: 1, stage: 'beta', slug: 'b', at: '{now}Z' },
        purges: ['invalidate /beta/b'],
      },
      {
        what: 'rename in the first one',
        body: { id: 1, stage: 'live', slug: 'c', at: '{now}Z' },
        purges: ['invalidate /live/c', 'delete /live/a'],
      },
    ],
  },
];
