import { writeFileSync } from 'node:fs';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { startAwsStub } from '../helpers/aws-stub.ts';
import { run } from '../helpers/cli.ts';
import { scratchFolder } from '../helpers/start.ts';
import { config, type World } from './world.ts';

/** Something that goes wrong at night, and the command that tells it. */
export interface Incident {
  readonly name: string;
  readonly cdnPro?: Partial<CdnProOptions>;
  /** Stages it. */
  readonly happens: (world: World) => Promise<void>;
  /** As it is typed, without `--ready`. */
  readonly command: readonly string[];
  /** What of its words says what is wrong. */
  readonly tells: RegExp;
  /** Runs the command where it needs more than a local stack. */
  readonly look?: (world: World) => Promise<{ readonly stdout: string }>;
}

const page = 'https://www.example.com/a.html';

/** All of them, each on a purger that is started for it. */
export const incidents: readonly Incident[] = [
  {
    name: 'credentials rotated badly',
    async happens({ cdnPro, upload }) {
      cdnPro.replaceCredentials({ username: 'local', apiKey: 'rotated' });
      await upload('pages/a.html');
    },
    command: ['doctor'],
    tells: /failed +credentials +\S+ answers 401\n +fix: put /,
  },
  {
    name: 'host not deployed',
    happens: ({ upload }) => upload('typo/a.html'),
    command: ['dead'],
    tells: /1 × .*has not been deployed.*\n +https:\/\/ww\.example\.com\/a\.html/,
  },
  {
    name: 'quota gone',
    async happens({ cdnPro, upload }) {
      cdnPro.purgeElsewhere('production', { files: 5500, dirs: 0 });
      await upload('pages/a.html');
    },
    command: ['waiting'],
    tells: /people: 1 file in production, since .*, done by /,
  },
  {
    name: 'one bad URL in a deploy of thousands',
    async happens({ upload, cdnPro }) {
      const pages = Array.from({ length: 2000 }, (_, index) => `pages/${index}.html`);
      await upload(...pages.slice(0, 1000), 'typo/a.html', ...pages.slice(1000));
      const purged = () => new Set(cdnPro.purges.flatMap(({ body }) => body.fileUrls)).size;
      while (purged() < pages.length) await new Promise((settle) => setTimeout(settle, 200));
    },
    command: ['dead'],
    tells: /1 × .*has not been deployed.*\n +https:\/\/ww\.example\.com\/a\.html/,
  },
  {
    name: 'webhook secret wrong in the CMS',
    async happens({ ready }) {
      const url = ready.webhooks.ghost ?? '';
      const readStdin = async () => 'what the CMS signs with instead';
      await run(['send', 'ghost', 'publish', '--url', url], { readStdin });
    },
    // The purger's own secret verifies: so it is the CMS that has another one.
    command: ['send', 'ghost', 'publish'],
    tells: /^202 from .*: 1 URL queued/,
  },
  {
    name: 'bucket without events',
    happens: async () => {},
    command: ['doctor', '--stack', 'MyStack'],
    tells: /failed +bucket site +sends no events to EventBridge\n +fix: /,
    async look({ ready }) {
      const aws = await startAwsStub(ready);
      aws.notifies = false;
      const ran = await run(['doctor', '--stack', 'MyStack']);
      aws.stop();
      return ran;
    },
  },
  {
    name: 'paused and forgotten',
    async happens({ cli, upload }) {
      await cli(['pause']);
      await upload('pages/a.html');
    },
    command: ['status'],
    tells: /Not fresh\.\n[\s\S]*1 message waits in the queues[\s\S]*paused +yes/,
  },
  {
    name: 'purge stuck',
    cdnPro: { processingMs: () => 3_600_000 },
    happens: ({ upload }) => upload('pages/a.html'),
    command: ['why', page],
    tells: /purging[\s\S]*accepted +purge /,
  },
  {
    name: 'edge stale after completion, since CDN Pro left servers out',
    cdnPro: { successRate: () => 60 },
    happens: ({ upload }) => upload('pages/a.html'),
    command: ['dead'],
    tells: /purge '\w+' failed[\s\S]*https:\/\/www\.example\.com\/a\.html/,
  },
  {
    name: 'rule that matches nothing',
    happens: ({ upload }) => upload('page/a.html'),
    command: ['explain', 's3://site/page/a.html'],
    tells: /rules\[0\] does not match: .*pages\//,
    async look() {
      const scratch = scratchFolder();
      writeFileSync(scratch.path('config.json'), JSON.stringify(config));
      const ran = await run(['explain', 's3://site/page/a.html', '--config', scratch.path('config.json')]);
      scratch.remove();
      return ran;
    },
  },
  {
    name: 'dead letter queue filling',
    happens: ({ upload }) => upload(...Array.from({ length: 20 }, (_, index) => `typo/${index}.html`)),
    command: ['status'],
    tells: /20 dead letters were not purged[\s\S]*Next: cdn-purger dead/,
  },
  {
    name: 'rate limit shared with a noisy neighbour',
    async happens({ cdnPro, upload }) {
      const headers = { 'x-rate-limit-retry-after-seconds': '120' };
      cdnPro.injectFault({ kind: 'answer', status: 429, headers }, 1);
      await upload('pages/a.html');
    },
    command: ['quota'],
    tells: /none before .*: CDN Pro answered 429/,
  },
];
