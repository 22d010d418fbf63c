import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { AlarmName } from '../../infra/settings/alarm-settings.ts';
import { silenceBucket } from '../helpers/aws-stub.ts';
import { run } from '../helpers/cli.ts';
import { sqsOf } from '../helpers/start.ts';
import type { World, WorldOptions } from './world.ts';

/** Something that goes wrong at night, and the command that shows it. */
export interface Incident extends WorldOptions {
  readonly name: string;
  /** Stages it. */
  readonly happens: (world: World) => Promise<void>;
  /** The alarm that goes off, or what somebody says who calls. */
  readonly alarm?: AlarmName;
  readonly call?: string;
  /** As it is typed, without what finds the purger. */
  readonly command: readonly string[];
  /** What the command finds the purger by. @default 'ready' */
  readonly by?: 'ready' | 'stack' | 'config';
  /** What of its words says what is wrong. */
  readonly shows: RegExp;
}

const wwwAlone = ['www.example.com'];
const page = 'https://www.example.com/a.html';
const pageIsOld = `I have uploaded s3://site/pages/a.html, and ${page} is still the old one.`;

/** All of them, each on a purger that is started for it. */
export const incidents: readonly Incident[] = [
  {
    name: 'credentials rotated badly',
    async happens({ cdnPro, upload }) {
      cdnPro.replaceCredentials({ username: 'local', apiKey: 'rotated' });
      await upload('pages/a.html');
    },
    alarm: 'credentials-refused',
    command: ['doctor'],
    shows: /failed +credentials +.*(answers 401|has refused them).*\n +fix: put /,
  },
  {
    name: 'host not deployed',
    hosts: wwwAlone,
    happens: ({ upload }) => upload('shop/a.html'),
    alarm: 'entries-rejected',
    command: ['dead'],
    shows: /1 × .*has not been deployed.*\n +https:\/\/shop\.example\.com\/a\.html/,
  },
  {
    name: 'quota gone',
    async happens({ cdnPro, upload }) {
      cdnPro.purgeElsewhere('production', { files: 5500, dirs: 0 });
      await upload('pages/a.html');
    },
    alarm: 'people-waiting',
    command: ['waiting'],
    shows: /people: 1 file in production, since .*, done by /,
  },
  {
    name: 'one bad URL in a deploy of thousands',
    async happens({ upload, cdnPro }) {
      const pages = Array.from({ length: 2000 }, (_, index) => `pages/${index}.html`);
      // S3 takes it as a key, and CDN Pro takes no URL of more than 2048 characters: each letter is six there.
      await upload(...pages.slice(0, 1000), `pages/${'ü'.repeat(400)}.html`, ...pages.slice(1000));
      const purged = () => new Set(cdnPro.purges.flatMap(({ body }) => body.fileUrls)).size;
      while (purged() < pages.length) await sleep(200);
    },
    alarm: 'urls-refused',
    command: ['dead'],
    shows: /1 × invalid-url, .*at most 2048 characters.*\n +s3:\/\/site\/pages\/ü/,
  },
  {
    name: 'webhook secret wrong in the CMS',
    async happens({ ready }) {
      const url = ready.webhooks.ghost ?? '';
      const readStdin = async () => 'what the CMS signs with instead';
      await run(['send', 'ghost', 'publish', '--field', 'slug=hello', '--url', url], { readStdin });
    },
    call: 'I have published the post "hello" in Ghost, and https://www.example.com/hello is still the old one.',
    // The purger's own secret verifies: so it is the CMS that has another one.
    command: ['send', 'ghost', 'publish'],
    shows: /^202 from .*: 1 URL queued/,
  },
  {
    name: 'bucket without events',
    async happens({ ready, upload, visit }) {
      await silenceBucket(ready, 'site');
      await upload('pages/a.html');
      await visit(page);
      // S3 dates versions by the second.
      await sleep(2000);
      await upload('pages/a.html');
    },
    call: pageIsOld,
    command: ['doctor'],
    by: 'stack',
    shows: /failed +bucket site +sends no events to EventBridge\n +fix: /,
  },
  {
    name: 'paused and forgotten',
    async happens({ cli, upload }) {
      await cli(['pause']);
      await upload('pages/a.html');
    },
    alarm: 'freshness',
    command: ['status'],
    shows: /Not fresh\.\n[\s\S]*1 message waits in the queues[\s\S]*paused +yes/,
  },
  {
    name: 'purge stuck',
    cdnPro: { processingMs: () => 3_600_000 },
    happens: ({ upload }) => upload('pages/a.html'),
    call: pageIsOld,
    command: ['why', page],
    shows: /purging[\s\S]*accepted +purge /,
  },
  {
    name: 'edge stale after completion',
    hasDeafEdge: true,
    async happens({ upload, visit, cdnPro }) {
      await upload('pages/a.html');
      await visit(page);
      // S3 dates versions by the second: a probe can only tell them apart some seconds later.
      await sleep(4000);
      await upload('pages/a.html');
      const before = cdnPro.purges.length;
      while (cdnPro.purges.length === before) await sleep(200);
    },
    call: `I have uploaded s3://site/pages/a.html, and some visitors still see the old ${page}.`,
    command: ['why', page],
    shows: /failed: [\s\S]*saw an old version[\s\S]*x-via edge\)/,
  },
  {
    name: 'rule that matches nothing',
    happens: ({ upload }) => upload('page/a.html'),
    call: `I have uploaded s3://site/page/a.html, and ${page} is still the old one.`,
    command: ['explain', 's3://site/page/a.html'],
    by: 'config',
    shows: /rules\[0\] does not match: .*pages\//,
  },
  {
    name: 'dead letter queue filling',
    // A program of somebody else sends what is not a purge message.
    async happens({ ready }) {
      const QueueUrl = ready.sqs.bufferQueueUrl;
      for (let index = 0; index < 20; index++) {
        const url = `https://www.example.com/${index}.html`;
        const MessageBody = JSON.stringify({ v: 1, entries: [{ kind: 'file', url, target: 'live' }] });
        await sqsOf(ready).send(new SendMessageCommand({ QueueUrl, MessageBody }));
      }
    },
    alarm: 'dead-letters',
    command: ['dead'],
    shows: /20 × .*target/,
  },
  {
    name: 'rate limit shared with a noisy neighbour',
    async happens({ cdnPro, upload }) {
      const headers = { 'x-rate-limit-retry-after-seconds': '120' };
      // It goes on for hours.
      cdnPro.injectFault({ kind: 'answer', status: 429, headers }, 100);
      await upload('pages/a.html');
    },
    alarm: 'throttled',
    command: ['quota'],
    shows: /none before .*: CDN Pro answered 429/,
  },
];
