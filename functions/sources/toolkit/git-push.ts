import { compilePattern, type Pattern } from '../../core/mapping/patterns/pattern.ts';
import type { ChangeAction, EntryChange, FieldValue } from '../../core/model/types.ts';
import type { SourceOptions } from '../webhook-options.ts';
import { ignored, type Reading } from '../webhook-source.ts';
import { changeOf } from './entry-change.ts';
import { readingOfAll } from './outcomes.ts';
import { type JsonObject, listAt, stringAt, stringOf, unexpected, valueAt } from './payload.ts';
import type { SourceContext } from './source-context.ts';

/** What a source read of a push to one branch. */
interface GitPush {
  readonly branch: string;
  /**
   * The commits, oldest first, each with `added`, `modified` and `removed`; undefined where the push does not tell which
   * files changed.
   */
  readonly commits: readonly unknown[] | undefined;
  /** When it was pushed, in ISO 8601, where the source tells. */
  readonly time?: string | undefined;
}

const branchPrefix = 'refs/heads/';

/** A commit's name where there is none: before a branch was made, and after it was deleted. */
const noCommit = /^0+$/;

/** @returns the branch of a ref; undefined for a tag */
function branchOf(ref: string): string | undefined {
  return ref.startsWith(branchPrefix) ? ref.slice(branchPrefix.length) : undefined;
}

/** Whether a branch is deployed, as the option `branches` or else the repository says. */
export function isDeployed(
  { branches }: SourceOptions,
  branch: string | undefined,
  defaultBranch: string | undefined,
): branch is string {
  const deployed = branches ?? (defaultBranch === undefined ? ['main', 'master'] : [defaultBranch]);
  return branch !== undefined && deployed.includes(branch);
}

/** Where a push says what; the forges differ in nothing else. */
export interface PushForm {
  /** The path of keys of the repository's default branch. */
  readonly defaultBranch: readonly string[];
  /** The commits, oldest first; undefined where the push does not list all. */
  readonly commitsOf: (push: JsonObject) => readonly unknown[] | undefined;
  readonly timeOf?: (push: JsonObject) => string | undefined;
}

/** @returns the reading of a push in a form that names a ref, and the commits before and after */
export function readRefPush(push: JsonObject, form: PushForm, context: SourceContext): Reading {
  const ref = stringAt(push, 'ref');
  if (ref === undefined) return unexpected('ref', 'a string such as "refs/heads/main"', push.ref);
  const branch = branchOf(ref);
  if (!isDeployed(context.options, branch, stringAt(push, ...form.defaultBranch))) {
    return ignored(`${JSON.stringify(ref.slice(0, 60))} is not a branch that is deployed`);
  }
  if (push.deleted === true || noCommit.test(stringAt(push, 'after') ?? '')) {
    return ignored('the branch was deleted');
  }
  const isNew = noCommit.test(stringAt(push, 'before') ?? '');
  const commits = isNew ? undefined : form.commitsOf(push);
  return readGitPush({ branch, commits, time: form.timeOf?.(push) }, context);
}

/** @returns the commits of a push that says how many it has; undefined where it lists fewer */
export function countedCommits(push: JsonObject, count: unknown): readonly unknown[] | undefined {
  const commits = listAt(push, 'commits');
  return commits.length > 0 && count === commits.length ? commits : undefined;
}

/** @returns a change for each content file that a push changed, or of all where it does not tell which */
export function readGitPush({ branch, commits, time }: GitPush, context: SourceContext): Reading {
  const actions = commits && actionsOfFiles(commits);
  if (actions === undefined) {
    return readingOfAll(context, 'the push', { id: `${branchPrefix}${branch}`, times: [time] });
  }
  const patterns = (context.options.files ?? ['{+path}']).map(compilePattern);
  const changes = [...actions].flatMap(([file, action]): EntryChange[] => {
    const metadata = fieldsOfFile(file, patterns);
    if (metadata === undefined) return [];
    const found = { action, id: file, type: 'file', times: [time], skipMemory: true };
    return [changeOf(context, { ...found, metadata: { ...metadata, environment: branch } })];
  });
  return changes.length === 0 ? ignored('no content file changed') : { kind: 'changes', changes };
}

const lists = ['added', 'modified', 'removed'] as const;

/** @returns what happened to each file last; undefined where a commit does not tell it */
function actionsOfFiles(commits: readonly unknown[]): ReadonlyMap<string, ChangeAction> | undefined {
  const actions = new Map<string, ChangeAction>();
  for (const commit of commits) {
    const files = lists.map((list) => valueAt(commit, list));
    const isTold = files.some((each) => each !== undefined);
    if (!isTold || files.some((each) => each && !Array.isArray(each))) return undefined;
    for (const list of lists) {
      for (const file of listAt(commit, list)) {
        const path = stringOf(file);
        if (path === undefined) return undefined;
        actions.set(path, list === 'removed' ? 'delete' : 'put');
      }
    }
  }
  return actions;
}

function fieldsOfFile(
  file: string,
  patterns: readonly Pattern[],
): Readonly<Record<string, FieldValue>> | undefined {
  for (const pattern of patterns) {
    const captures = pattern.match(file);
    if (captures === undefined) continue;
    const name = file.slice(file.lastIndexOf('/') + 1);
    const fields: Record<string, FieldValue> = { path: file, slug: name.replace(/\.[^.]+$/, '') };
    for (const [key, value] of Object.entries(captures)) {
      fields[key === 'slug' || key === 'path' || key === 'url' ? key : `fields.${key}`] = value;
    }
    return fields;
  }
  return undefined;
}
