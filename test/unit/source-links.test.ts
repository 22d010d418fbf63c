import { describe, expect, test } from 'vitest';
import { linksOf } from '../../packaging/links/source-links.ts';

const github = {
  repository: { type: 'git', url: 'git+https://github.com/acme/site.git' },
  homepage: 'https://github.com/acme/site#readme',
  bugs: { url: 'https://github.com/acme/site/issues' },
};

describe('the links of a git remote', () => {
  test.each([
    'https://github.com/acme/site.git',
    'https://github.com/acme/site',
    'https://github.com/acme/site/',
    'http://github.com/acme/site.git',
    'https://GitHub.com:443/acme/site.git?x=1#y',
    'ssh://git@github.com/acme/site.git',
    'ssh://git@github.com:22/acme/site.git',
    'git://github.com/acme/site.git',
    'git+ssh://git@github.com/acme/site.git',
    'git@github.com:acme/site.git',
    'github.com:acme/site.git\n',
    'git@github.com:/acme/site.git',
    'ssh://git@ssh.github.com:443/acme/site.git',
    'git@ssh.github.com:acme/site.git',
  ])('are those of its repository: %j', (remote) => {
    expect(linksOf(remote)).toEqual(github);
  });

  test.each([
    'https://ghp_s3cret@github.com/acme/site.git',
    'https://x-access-token:ghp_s3cret@github.com/acme/site.git',
    'https://oauth2:ghp_s3cret%40@github.com:8443/acme/site',
    'ssh://ghp_s3cret:ghp_s3cret@github.com/acme/site.git',
    'ghp_s3cret@github.com:acme/site.git',
    'https://github.com/acme/site.git?token=ghp_s3cret',
    'https://github.com/acme/site.git#ghp_s3cret',
  ])('never hold a token or a password: %j', (remote) => {
    expect(linksOf(remote)).toEqual(github);
  });

  test.each([
    ['git@gitlab.com:acme/web/site.git', 'https://gitlab.com/acme/web/site/-/issues'],
    ['https://gitlab.acme.example/web/site.git', 'https://gitlab.acme.example/web/site/-/issues'],
    ['https://github.acme.example/web/site.git', 'https://github.acme.example/web/site/issues'],
    ['git@bitbucket.org:acme/site.git', 'https://bitbucket.org/acme/site/issues'],
    ['https://git.acme.example/site.git', undefined],
    ['git@git.acme.xn--p1ai:site.git', undefined],
    ['https://gitlab.com.evil.example:x/site.git', undefined],
  ])('have the issues where the host is known: %j', (remote, url) => {
    expect(linksOf(remote)?.bugs?.url).toBe(url);
  });

  test.each([
    'https://dev.azure.com/acme/web/_git/site',
    'https://acme@dev.azure.com/acme/web/_git/site/',
    'git@ssh.dev.azure.com:v3/acme/web/site',
    'acme@vs-ssh.visualstudio.com:v3/acme/web/site',
  ])('of Azure DevOps are those of its pages: %j', (remote) => {
    expect(linksOf(remote)).toEqual({
      repository: { type: 'git', url: 'git+https://dev.azure.com/acme/web/_git/site' },
      homepage: 'https://dev.azure.com/acme/web/_git/site#readme',
    });
  });

  test.each([
    '',
    '/srv/git/site.git',
    '../site.git',
    'file:///srv/git/site.git',
    'C:\\git\\site.git',
    'https://localhost/acme/site.git',
    'http://127.0.0.1:3000/acme/site.git',
    'http://[::1]/acme/site.git',
    'ssh://git@10.0.0.7/acme/site.git',
    'git@work:acme/site.git',
    'git@github.com-work:acme/site.git',
    'ssh://git@github.com-work/acme/site.git',
    'john.doe:s3cret@github.com:acme/site.git',
    'https://forge.internal/acme/site.git',
    'https://nas.lan/acme/site.git',
    'git@git.corp:acme/site.git',
    'ssh://git@forge.home.arpa/acme/site.git',
    'https://git.acme.local/site.git',
    'https://git/acme/site.git',
    'https://github.com',
    'https://github.com/.git',
    'ext::sh -c "x"',
  ])('are none without a public host and a path: %j', (remote) => {
    expect(linksOf(remote)).toBeUndefined();
  });
});
