import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appOnSource, flavours } from '../helpers/cdk-app.ts';
import { install, pack, run } from '../helpers/package.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
const app = scratch.path('app');
const installed = join(app, 'node_modules/cdn-pro-purger');
/** The examples, next to each other in a folder of the app. */
const examples = globSync('examples/**/*.*').map((path) => ({
  path,
  name: join('examples', basename(path)),
}));
let tarball: string;
let isTreeAsBefore: boolean;
let onSource: ReturnType<typeof readAssembly>;
beforeAll(() => {
  mkdirSync(app, { recursive: true });
  const inTree = readFileSync('package.json', 'utf8');
  tarball = pack(scratch.path('.'), 'https://user:s3cret@github.com/acme/purger.git');
  isTreeAsBefore = readFileSync('package.json', 'utf8') === inTree;
  install(tarball, app);
  for (const { file, source } of flavours) writeFileSync(join(app, file), source);
  mkdirSync(join(app, 'examples'));
  for (const { path, name } of examples) cpSync(path, join(app, name));
  writeFileSync(join(app, 'source.mjs'), appOnSource(resolve('infra')));
  run(process.execPath, ['source.mjs', 'source.out'], app, { ...process.env, ...unvalidated });
  onSource = readAssembly('source.out');
}, 240_000);
afterAll(scratch.remove);

/** CDK's validation takes seconds to load, and `test/infra` has it for each form. */
const unvalidated = { CDK_VALIDATION: 'false' };
/** All that an app of ours needs. */
const bare = { ...unvalidated, HOME: app, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };

/** @returns copies of the library's declarations that the compiler takes for source, which it checks in every case */
function declarationsAsSource(): readonly string[] {
  const types = join(installed, 'dist/types');
  const declarations = readdirSync(types, { recursive: true, encoding: 'utf8' });
  return declarations.flatMap((path) => {
    if (!path.endsWith('.d.cts')) return [];
    const copy = join('declarations', path.replace(/\.d\.cts$/, '.cts'));
    cpSync(join(types, path), join(app, copy));
    return copy;
  });
}

/** What the app synthesized: the template, and the files of the assets by their hash. */
function readAssembly(outdir: string) {
  const folder = join(app, outdir);
  const assets = readdirSync(folder).filter((name) => name.startsWith('asset.'));
  return {
    template: JSON.parse(readFileSync(join(folder, 'Site.template.json'), 'utf8')),
    assets: Object.fromEntries(assets.map((name) => [name, readdirSync(join(folder, name)).toSorted()])),
  };
}

/** This Node, and what else is installed on this machine: a CDK app may run on an older one. */
function nodes(): readonly { readonly version: string; readonly node: string }[] {
  const others = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const versions = [process.execPath, ...others.filter((node) => existsSync(node))].map((node) => {
    return { node, version: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim() };
  });
  return [...new Map(versions.toReversed().map((each) => [each.version, each])).values()].toReversed();
}

describe('a CDK app', () => {
  test('compiles in strict mode, with ES modules and CommonJS, declarations of the library checked', () => {
    const names = [...flavours.map(({ file }) => file), ...examples.map(({ name }) => name)];
    const files = names.filter((name) => /\.[mc]ts$/.test(name));
    const language = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    // CDK's declarations, which are not ours to check, would take it four times as long.
    const options = [...language, '--skipLibCheck', '--singleThreaded'];
    const args = [...options, ...files, ...declarationsAsSource()];
    const { stdout, stderr } = spawnSync(resolve('node_modules/.bin/tsc'), args, {
      cwd: app,
      encoding: 'utf8',
    });
    // In declarations, and only there, a destructured parameter may have another name.
    const errors = stdout.split('\n').filter((line) => line !== '' && !line.includes(' TS2842: '));
    expect({ errors, stderr }).toEqual({ errors: [], stderr: '' });
  }, 180_000);

  test('uses every public property and method of the construct', () => {
    const script = `
      const { CdnPurger } = require('cdn-pro-purger');
      const { Stack } = require('aws-cdk-lib');
      const { Secret } = require('aws-cdk-lib/aws-secretsmanager');
      const stack = new Stack();
      const rules = [{ match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } }];
      const credentials = Secret.fromSecretNameV2(stack, 'C', 'c');
      const purger = new CdnPurger(stack, 'Purger', { target: 'staging', rules, credentials });
      const names = new Set(Object.keys(purger));
      for (let each = Object.getPrototypeOf(purger); each.constructor.name !== 'Construct'; each = Object.getPrototypeOf(each))
        for (const name of Object.getOwnPropertyNames(each)) names.add(name);
      for (const name of Object.getOwnPropertyNames(CdnPurger)) if (name.startsWith('from')) names.add(name);
      console.log(JSON.stringify([...names].filter((name) => !['constructor', 'node'].includes(name))));`;
    const names = JSON.parse(run(process.execPath, ['--eval', script], app)) as string[];
    expect(names.length).toBeGreaterThan(50);
    const [{ source }] = flavours;
    expect(names.filter((name) => !source.includes(`.${name}`) && !source.includes(`{ ${name}`))).toEqual([]);
  });

  test('has neither a bundler nor the tools of this project', () => {
    const { resolve } = createRequire(join(installed, 'dist/index.cjs'));
    for (const name of ['esbuild', 'vitest', 'typescript']) {
      expect(() => resolve(name)).toThrow('Cannot find module');
    }
  });

  describe.each(nodes())('on Node $version', ({ node }) => {
    // What compiles is the same JavaScript.
    const distinct =
      node === process.execPath ? flavours : flavours.filter(({ file, script }) => file === script);
    test.each(distinct)('in $name synthesizes what the source of the library gives', ({ script }) => {
      const outdir = `${script}.out`;
      run(node, [script, outdir], app, bare);
      expect(readAssembly(outdir)).toEqual(onSource);
    });
  });

  test('loads nothing of the AWS SDK, which only commands need', () => {
    expect(readFileSync(join(installed, 'dist/index.cjs'), 'utf8')).not.toMatch(/require\("@aws-sdk/);
  });

  test('gets commands that load nothing of the CDK, which takes longer than most of them run', () => {
    const dist = join(installed, 'dist');
    const files = ['cli.mjs', 'dev.mjs', ...readdirSync(join(dist, 'cli')).map((name) => join('cli', name))];
    const contents = files.map((file) => [file, readFileSync(join(dist, file), 'utf8')] as const);
    expect(contents.filter(([, code]) => /["']aws-cdk-lib/.test(code)).map(([file]) => file)).toEqual([]);
  });

  test('as the examples have it synthesizes, in TypeScript and JavaScript', () => {
    for (const script of ['examples/site.mjs', 'examples/site.cjs']) {
      run(process.execPath, [script, `${script}.out`], app, bare);
      expect(readdirSync(join(app, `${script}.out`))).toContain('Site.template.json');
    }
  });

  test('can write purge messages where it runs, without the CDK', () => {
    const script = `
      import { purgeMessages } from 'cdn-pro-purger/purge-messages';
      console.log(purgeMessages({ target: 'staging', fileUrls: ['https://www.example.com/a b'] })[0]);
      try { purgeMessages({ target: 'staging', fileUrls: ['ftp://x'], regexPatterns: ['x'] }); }
      catch (error) { console.log(error.name, error.issues.length); }`;
    const [message = '', error] = run(process.execPath, ['--input-type=module', '--eval', script], app).split(
      '\n',
    );
    expect(JSON.parse(message)).toEqual({
      v: 1,
      entries: [
        { kind: 'file', url: 'https://www.example.com/a%20b', target: 'staging', action: 'invalidate' },
      ],
    });
    expect(error).toBe('PurgeMessageError 2');
    expect(readFileSync(join(installed, 'dist/purge-messages.cjs'), 'utf8')).not.toContain('aws-cdk-lib');
  });

  test('finds the licenses of what is bundled, and a schema for its editor', () => {
    const notices = readFileSync(join(installed, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of [
      '@aws-sdk/client-sqs',
      '@middy/core',
      '@aws-lambda-powertools/logger',
      'leven',
      'preact',
    ]) {
      expect(notices).toContain(`\n${name} `);
    }
    const schema = JSON.parse(readFileSync(join(installed, 'dist/config.schema.json'), 'utf8'));
    expect(Object.keys(schema.anyOf[0].properties)).toEqual(
      expect.arrayContaining(['$schema', 'rules', 'webhooks']),
    );
    expect(schema.anyOf[0].required).toEqual(['target', 'rules', 'credentials']);
  });

  test('gets the page of the local stack built', () => {
    expect(readdirSync(join(installed, 'dist/page')).toSorted()).toEqual([
      'page.css',
      'page.html',
      'page.js',
    ]);
  });

  test('gets the functions with their rules next to the handler', () => {
    const ofFunctions = Object.values(onSource.assets).filter((files) => files.includes('handler.mjs'));
    expect(ofFunctions.length).toBeGreaterThanOrEqual(3);
    for (const files of ofFunctions) expect(files).toEqual(expect.arrayContaining(['handler.mjs.map']));
    expect(ofFunctions.filter((files) => files.includes('mapping.json'))).toHaveLength(3);
    const handlers = Object.values<{ Properties?: { Handler?: string } }>(onSource.template.Resources);
    expect(handlers.filter(({ Properties }) => Properties?.Handler === 'handler.handler').length).toBe(
      ofFunctions.length,
    );
  });

  test('learns what is wrong with its rules', () => {
    const script = `
      const { CdnPurger, ConfigError } = require('cdn-pro-purger');
      const { Stack } = require('aws-cdk-lib');
      try { new CdnPurger(new Stack(), 'Purger', { target: 'prod', rules: [] }); }
      catch (error) { console.log(error instanceof ConfigError, error.issues); }`;
    const issues = run(process.execPath, ['--eval', script], app);
    expect(issues).toContain('true');
    expect(issues).toContain('`target`: expected "production" or "staging", got "prod"');
  });
});

test('the local stack runs the rules of an app, and proves them by samples made of them', () => {
  const rules = [
    { match: { source: 's3', key: '{+path}' }, purge: { fileUrls: ['https://shop.example/{+path}'] } },
    { match: { source: 'ghost' }, purge: { fileUrls: ['https://shop.example/{slug}'] } },
  ];
  const webhooks = [{ source: 'ghost', secret: 'ghost' }];
  const config = { credentials: 'c', target: 'production', buckets: [{ name: 'shop' }], webhooks, rules };
  mkdirSync(join(app, 'dev'));
  writeFileSync(join(app, 'dev/cdn-purger.config.json'), JSON.stringify(config));
  const command = join(installed, 'infra/cli/cdn-purger.mjs');
  const output = run(process.execPath, [command, 'dev', '--once'], join(app, 'dev'), {
    ...process.env,
    ...unvalidated,
  });
  expect(output).toContain('https://shop.example/sample-1.html shows the second version at 2 edges');
  expect(output).toContain('2 of 2 changes reached the edge');
}, 120_000);

describe.each(nodes())('the command line on Node $version', ({ node, version }) => {
  const stage = {
    credentials: 'cdn-pro/api',
    target: 'staging',
    buckets: [{ name: 'www' }],
    rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://staging.example.com/{+key}'] } }],
  };
  const explain = (...args: readonly string[]) => {
    const bin = join(installed, manifest().bin['cdn-purger']);
    return spawnSync(node, [bin, 'explain', 's3://www/a.html', ...args], { cwd: app, encoding: 'utf8' });
  };
  const purged = 'invalidate file https://staging.example.com/a.html (staging)';

  test.each([
    ['cdn-purger.config.json', JSON.stringify(stage)],
    ['cdn-purger.config.mjs', `export default ${JSON.stringify(stage)}`],
    ['cdn-purger.config.cjs', `module.exports = ${JSON.stringify(stage)}`],
    ['cdn-purger.config.js', `exports.__esModule = true; exports.default = ${JSON.stringify(stage)}`],
  ])('finds %s and explains by it', (file, text) => {
    writeFileSync(join(app, file), text);
    const { stdout, stderr, status } = explain();
    rmSync(join(app, file));
    expect(stderr).toBe('');
    expect(stdout).toContain(purged);
    expect(status).toBe(0);
  });

  test('reads TypeScript where Node does, and else says what to do', () => {
    const config = `import type { StagedConfig } from 'cdn-pro-purger';
const config: StagedConfig = { stages: { live: ${JSON.stringify({ ...stage, target: 'production' })}, staging: ${JSON.stringify(stage)} } };
export default config;`;
    writeFileSync(join(app, 'mine.mts'), config);
    const { stdout, stderr, status } = explain('--config', 'mine.mts', '--stage', 'staging');
    if (run(node, ['--print', 'process.features.typescript'], app).startsWith('strip')) {
      expect(stdout).toContain(purged);
    } else {
      expect(stderr).toContain(`Node ${version} does not read TypeScript: use Node 22.18 or newer`);
      expect(status).toBe(2);
    }
  });

  test('has the commands, and says what it needs', () => {
    const bin = join(installed, manifest().bin['cdn-purger']);
    const { stderr, status } = spawnSync(node, [bin, 'status'], { cwd: app, encoding: 'utf8' });
    expect(stderr).toContain('Expected --stack NAME or --ready FILE, got neither');
    expect(status).toBe(2);
  });

  test('runs what the example of a workflow runs on pull requests', () => {
    cpSync(join(app, 'examples/cdn-purger.config.json'), join(app, 'cdn-purger.config.json'));
    const workflow = readFileSync('examples/ci/deploy.yml', 'utf8');
    const commands = [...workflow.matchAll(/- run: npx cdn-purger (.+)/g)].map(([, args = '']) =>
      args.split(' '),
    );
    const bin = join(installed, manifest().bin['cdn-purger']);
    expect(commands).not.toEqual([]);
    for (const args of commands) expect(run(node, [bin, ...args], app)).toContain('POST /cdn/purges');
    rmSync(join(app, 'cdn-purger.config.json'));
  });

  test('says where it looked when there is no configuration', () => {
    const { stderr, status } = explain();
    expect(stderr).toContain('no cdn-purger.config.ts, .mts, .js, .mjs, .cjs or .json is here');
    expect(stderr).toContain('--config FILE, --assembly cdk.out (in a CDK app, after cdk synth)');
    expect(status).toBe(2);
  });
});

function manifest() {
  return JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
}

describe('the package', () => {
  test('leaves CDK to the app, and depends on little', () => {
    expect(Object.keys(manifest().peerDependencies).toSorted()).toEqual(['aws-cdk-lib', 'constructs']);
    const others = Object.keys(manifest().dependencies).filter((name) => !name.startsWith('@aws-sdk/'));
    expect(others).toEqual(['zod']);
    expect(manifest().private).toBeUndefined();
  });

  test('says where it is from, by the git remote of the clone', () => {
    expect(manifest()).toMatchObject({
      repository: { type: 'git', url: 'git+https://github.com/acme/purger.git' },
      homepage: 'https://github.com/acme/purger#readme',
      bugs: { url: 'https://github.com/acme/purger/issues' },
    });
    expect(isTreeAsBefore).toBe(true);
  });

  test('has its licence and no source', () => {
    expect(readdirSync(installed)).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs']),
    );
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /(?<!\.d)\.[cm]?ts$/.test(file) && !file.startsWith('examples/'))).toEqual([
      'docs/snippets/payload-purge.ts',
    ]);
  });

  test('has doc comments in its types', () => {
    const types = readFileSync(join(installed, 'dist/types/infra/cdn-purger.d.cts'), 'utf8');
    expect(types).toContain('Purges what the rules say when an object of this bucket is put or deleted.');
    expect(types).toContain('/** Purges what the rules say when this webhook delivers a change. */');
  });

  test('has nothing that publint finds', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test('has types that are right for every way to resolve them', () => {
    const output = run(resolve('node_modules/.bin/attw'), [tarball, '--format', 'ascii', '--no-color'], app);
    expect(output).toContain('No problems found');
  });
});
