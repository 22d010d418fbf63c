import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { standardWebhooksSecret as SECRET } from '../../infra/cli/webhooks/signing.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

const PLUGIN = 'docs/snippets/cdn-pro-purger.php';
const hasPhp = spawnSync('php', ['--version']).status === 0;

/** A request as the plugin gives it to WordPress. */
interface SentRequest {
  readonly doing: string;
  readonly url: string;
  readonly timeout: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @returns what the plugin sends on an editor's day, where each request is answered the status, and what it logs */
function editorsDay(status: number): { sent: readonly SentRequest[]; log: string } {
  const args = ['test/helpers/wordpress.php', `${process.cwd()}/${PLUGIN}`, SECRET, String(status)];
  const { stdout, stderr, status: exit } = spawnSync('php', args, { encoding: 'utf8' });
  if (exit !== 0) throw new Error(`php ended with ${exit}: ${stderr}${stdout}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { sent: lines.map((line) => JSON.parse(line) as SentRequest), log: stderr };
}

it('the plugin for WordPress has no secret in it', () => {
  expect(readFileSync(PLUGIN, 'utf8')).not.toMatch(/whsec_[A-Za-z0-9+/]{8}/);
});

describe.skipIf(!hasPhp)('the plugin for WordPress, run by PHP (skipped where there is no php)', () => {
  it('has no syntax error, and does nothing outside of WordPress', () => {
    expect(spawnSync('php', ['-l', PLUGIN], { encoding: 'utf8' }).stdout).toContain('No syntax errors');
    const { status, stdout, stderr } = spawnSync('php', [PLUGIN], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('sends what its source verifies, and what purges each address that visitors knew', async () => {
    const { sent } = editorsDay(202);
    const world = createWebhookWorld({
      webhooks: { wordpress: { source: 'wordpress', secretIds: ['s'] } },
      rules: [{ match: { source: 'wordpress' }, purge: { fileUrls: ['https://www.example.com/{+path}'] } }],
      secrets: { s: SECRET },
      nowMs: Date.now(),
    });
    const purged: [string, readonly string[]][] = [];
    for (const { doing, url, headers, body } of sent) {
      const before = world.purged().length;
      const request = { method: 'POST', path: new URL(url).pathname, headers, body: Buffer.from(body) };
      const { statusCode } = await receiveWebhook('wordpress', request, world.ports);
      purged.push([`${doing}: ${statusCode}`, world.purged().slice(before)]);
    }
    const at = (path: string) => `https://www.example.com/${path}/`;
    const photo = 'https://www.example.com/wp-content/uploads/photo.png';
    const renamed = at('blog/gr%C3%BC%C3%9Fe');
    expect(purged).toEqual([
      ['publish: 202', [`invalidate ${at('blog/hello')}`]],
      ['update: 202', [`invalidate ${at('blog/hello')}`]],
      ['rename: 202', [`invalidate ${renamed}`, `delete ${at('blog/hello')}`]],
      ['unpublish: 202', [`delete ${renamed}`]],
      ['publish page: 202', [`invalidate ${at('about')}`]],
      ['trash page: 202', [`delete ${at('about')}`]],
      ['publish product: 202', [`invalidate ${at('blog/shoe')}`]],
      ['delete product: 202', [`delete ${at('blog/shoe')}`]],
      ['publish in a category: 202', [`invalidate ${at('blog/news')}`]],
      ['move to another category: 202', [`invalidate ${at('blog/news')}`]],
      ['comment is approved: 202', [`invalidate ${at('blog/news')}`]],
      ['comment is edited: 202', [`invalidate ${at('blog/news')}`]],
      ['comment is spam: 202', [`invalidate ${at('blog/news')}`]],
      ['comment is published at once: 202', [`invalidate ${at('blog/news')}`]],
      ['new term: 202', [`invalidate ${at('category/sport')}`]],
      ['renamed term: 202', [`invalidate ${at('category/sports')}`, `delete ${at('category/sport')}`]],
      ['deleted term: 202', [`delete ${at('category/sports')}`]],
      ['upload: 202', [`invalidate ${photo}`]],
      ['edited image: 202', [`invalidate ${photo}`]],
      ['deleted file: 202', [`delete ${photo}`]],
      ['publish parent: 202', [`invalidate ${at('team')}`]],
      ['publish child: 202', [`invalidate ${at('team/anna')}`]],
      ['rename parent: 202', [`invalidate ${at('people')}`, `delete ${at('team')}`]],
      ['rename parent: 202', [`invalidate ${at('people/anna')}`, `delete ${at('team/anna')}`]],
      ['rename that is saved twice: 202', [`invalidate ${at('crew')}`, `delete ${at('people')}`]],
      ['rename that is saved twice: 202', [`invalidate ${at('crew/anna')}`, `delete ${at('people/anna')}`]],
      [
        'renamed term that is saved twice: 202',
        [`invalidate ${at('category/songs')}`, `delete ${at('category/music')}`],
      ],
    ]);
  });

  it('names the archives that show a post, those that it has left included', () => {
    const moved = editorsDay(202).sent.find(({ doing }) => doing === 'move to another category');
    expect(JSON.parse(moved?.body ?? '{}')).toMatchObject({
      data: {
        categories: ['new'],
        tags: ['a', 'b'],
        author: 'anna',
        year: '2026',
        month: '01',
        day: '02',
        previous: { categories: ['old'] },
      },
    });
  });

  it('tells of the former address itself, so that it is purged even where nothing is remembered', () => {
    const rename = editorsDay(202).sent.find(({ doing }) => doing === 'rename');
    expect(JSON.parse(rename?.body ?? '{}')).toMatchObject({
      type: 'post.updated',
      data: {
        id: '1',
        type: 'post',
        locale: 'de_DE',
        path: 'blog/grüße/',
        previous: { slug: 'hello', url: 'https://www.example.com/blog/hello/', path: 'blog/hello/' },
      },
    });
  });

  it('does not keep an editor waiting, and logs what went wrong without a secret', () => {
    const refused = editorsDay(401);
    expect(refused.sent.every(({ timeout }) => timeout <= 5)).toBe(true);
    expect(refused.log).toContain('CDN Pro purger: post.published of 1 was answered 401');
    expect(editorsDay(0).log).toContain('was answered no connection');
    expect(editorsDay(200).log).toBe('');
    expect(refused.log).not.toContain(SECRET.slice(6));
  });
});
