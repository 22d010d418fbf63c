import type { ObjectChange, OriginChange } from '../../../functions/core/model/types.ts';
import { type CommandResult, defineCommand, type Surroundings } from '../command.ts';
import { explain } from '../explain/explain.ts';
import { explainMany, type ManyExplained } from '../explain/many/explain-many.ts';
import { listFiles } from '../explain/many/list-files.ts';
import { describeMany } from '../explain/many/print-many.ts';
import { describe } from '../explain/print-explanation.ts';
import { choosePurger } from '../explain/purger/choose-purger.ts';
import type { ExplainedPurger } from '../explain/purger/explained-purger.ts';
import { type InputOptions, readInput, readObject, readPrefix } from '../explain/read-input.ts';
import { describeManyUrls, describePurgedUrl, isPurged } from '../explain/reverse/print-purging-changes.ts';
import { purgedUrl } from '../explain/reverse/purged-url.ts';
import { readFileUrl } from '../queries/why/read-url.ts';
import { readUrlLines } from '../read-file.ts';
import { UsageError } from '../usage-error.ts';

/** More objects are not shown one by one. */
const mostDetailed = 10;

const usage = `Usage:
  cdn-purger explain s3://BUCKET/KEY... [--action put|delete]
  cdn-purger explain --dir FOLDER --prefix s3://BUCKET[/PREFIX] [--action put|delete]
  cdn-purger explain --event FILE [--source SOURCE] [--webhook NAME] [--header 'NAME: VALUE']...
  cdn-purger explain https://HOST/PATH...

Shows which rules match a change and why the others do not, what becomes stale, and which purge request would
be sent. Of more than 10 objects, or of all files of a folder, it shows those that are not purged, and the cost of all. Of a URL it
shows which changes purge it: objects or entries, whatever the parts in braces are; of more than 10 those that none purges.
Nothing is purged.

  -           objects or URLs on stdin, one a line
  --action    what happened to the objects. Default: put
  --dir       a folder that is uploaded, such as a build. A symbolic link is followed only where it stays in the folder
  --prefix    where its files go: s3://BUCKET, or s3://BUCKET/PREFIX for keys that begin with PREFIX/
  --event     a JSON file, or - for stdin: an event of S3 in any envelope, the body of a webhook, or {"headers", "body"} of one
  --source    the source of the webhook whose body the file holds, e.g. contentful
  --webhook   the name of the webhook. Default: that of the source
  --header    a header of the webhook, e.g. 'X-Contentful-Topic: ContentManagement.Entry.publish'
  --config    the configuration: a module with a default export, or JSON. Default: infra/config.ts, and where the
              package is installed cdn-purger.config.ts (or .mts, .js, .mjs, .cjs, .json) in this folder
  --stage     the stage of the configuration. Default: its first
  --rules     in place of a configuration a list of rules, or the settings of a CdnPurger: a module with a default export, or JSON
  --assembly  in place of a configuration what cdk synth has written, such as cdk.out
  --stack     the rules of a deployed purger: the stack, or STACK/PURGER, found by the AWS SDK's credentials and region; with
              --assembly, which of the assembly. Default there: its only purger
  --ready     the rules of the local stack, by the file that npm start -- --ready FILE has written
  --json      write JSON

Without --stack and --ready nothing that is deployed or runs is read: these are the rules of this folder, or of the files that
are named.

Rules alone do not say which objects are watched, an assembly with topics, queues or bucket notifications does not say it
plainly, and a deployed purger with many of them has no room for it: all are taken to be.

Ends with 0 where something would be purged, 1 where nothing would (no rule matches), and 2 where the command or the
configuration is wrong. Of a folder or more than 10 objects: 1 also where one of them would not be purged, other than by a rule's
except. Of URLs: 1 where no change purges one of them.`;

/** What the rules make of a change. */
export const explainCommand = defineCommand({
  usage,
  options: {
    action: { type: 'string' },
    dir: { type: 'string' },
    prefix: { type: 'string' },
    event: { type: 'string' },
    source: { type: 'string' },
    webhook: { type: 'string' },
    header: { type: 'string', multiple: true },
    config: { type: 'string' },
    stage: { type: 'string' },
    rules: { type: 'string' },
    assembly: { type: 'string' },
    stack: { type: 'string' },
    ready: { type: 'string' },
  },
  async run({ values, positionals }, surroundings) {
    const subjects = await readSubjects(positionals, surroundings);
    const purger = await choosePurger(values);
    const isJson = values.json === true;
    const piped = values.event === '-' ? ((await surroundings.readStdin()) ?? '') : undefined;
    const input = { ...values, subjects, piped };
    if (values.dir !== undefined)
      return explainFolder(values.dir, input, purger, isJson, surroundings.nowMs());
    if (values.prefix !== undefined) throw new UsageError('Expected --prefix with --dir, got it alone');
    return subjects.some(isUrl)
      ? explainUrls(subjects, purger, isJson)
      : explainChanges(input, purger, isJson, surroundings.nowMs());
  },
});

/** @returns the arguments, and for "-" the lines on stdin */
async function readSubjects(
  args: readonly string[],
  { readStdin }: Surroundings,
): Promise<readonly string[]> {
  let lines: readonly string[] = [];
  // There may be more than a function takes arguments.
  for (const arg of args) lines = lines.concat(arg === '-' ? readUrlLines((await readStdin()) ?? '') : [arg]);
  if (args.length > 0 && lines.length === 0) {
    throw new UsageError('Expected objects or URLs on stdin, one a line, got none');
  }
  return lines;
}

function isObject(change: OriginChange): change is ObjectChange {
  return 'key' in change;
}

function isUrl(subject: string): boolean {
  return /^https?:\/\//i.test(subject);
}

function explainChanges(
  input: InputOptions,
  purger: ExplainedPurger,
  isJson: boolean,
  nowMs: number,
): CommandResult {
  const read = readInput(input, purger, nowMs);
  const many =
    input.subjects.length > mostDetailed ? explainMany(read.changes.filter(isObject), purger) : undefined;
  if (many !== undefined && !isJson) return { exitCode: exitCodeOf(many), stdout: describeMany(many) };
  const explanation = explain(read, purger);
  const isPurged = many === undefined ? explanation.purges.length > 0 : exitCodeOf(many) === 0;
  return {
    exitCode: isPurged ? 0 : 1,
    stdout: isJson ? JSON.stringify(explanation, null, 2) : describe(explanation),
  };
}

function explainFolder(
  folder: string,
  { prefix, subjects, event, action }: InputOptions & { readonly prefix?: string | undefined },
  purger: ExplainedPurger,
  isJson: boolean,
  nowMs: number,
): CommandResult {
  const [other = event] = subjects;
  if (other !== undefined) throw new UsageError(`Expected --dir alone, got "${other}", too`);
  const root = readPrefix(prefix);
  const { files, leftOut } = listFiles(folder);
  const changes = files.map((file) => readObject(`${root}${file}`, action ?? 'put', nowMs));
  const explained = explainMany(changes, purger);
  return {
    exitCode: exitCodeOf(explained),
    stdout: isJson
      ? JSON.stringify({ ...explained, links: leftOut }, null, 2)
      : describeMany(explained, leftOut),
  };
}

/** Whether all of them are purged, but for what an exception leaves out. */
function exitCodeOf({ unmatched, notWatched, refused, purged }: ManyExplained): number {
  return unmatched.length + notWatched.length + refused.length === 0 && purged > 0 ? 0 : 1;
}

/** Which changes purge each of some URLs. */
function explainUrls(subjects: readonly string[], purger: ExplainedPurger, isJson: boolean): CommandResult {
  const other = subjects.find((subject) => !isUrl(subject));
  if (other !== undefined) throw new UsageError(`Expected URLs alone, got "${other}", too`);
  const reversed = { ...purger, cacheKey: purger.planning.cacheKey ?? {} };
  const urls = subjects.map(readFileUrl).map((url) => purgedUrl(reversed, url));
  return {
    exitCode: urls.every(isPurged) ? 0 : 1,
    stdout: isJson
      ? JSON.stringify({ urls }, null, 2)
      : urls.length > mostDetailed
        ? describeManyUrls(urls)
        : urls.map(describePurgedUrl).join('\n\n'),
  };
}
