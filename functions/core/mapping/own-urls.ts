import type { FileScope, Scope } from '../model/types.ts';
import { compilePattern, type Pattern } from './patterns/pattern.ts';
import type { Template, Variables } from './patterns/template.ts';
import { listOf, type Match } from './rule.ts';

/** What is done to URLs of a change that has none of its own: they are there whatever happens to the object or entry. */
export interface Scopes {
  /** For the URLs of the changed object or entry itself, and what its files show once they are fresh. */
  readonly own: FileScope;
  /** For what only shows it: listings, feeds, sitemaps, the pages above it, and all that a wildcard matches. */
  readonly others: Scope;
}

/** Whether the URL that a template makes of these values is one of the changed object or entry itself. */
export type IsOwn = (variables: Variables) => boolean;

/** @returns whose URLs a template makes: an entry's by its values, an object's by how its key is taken apart */
export function compileIsOwn({ source, key }: Match, template: Template): IsOwn {
  const { variables } = template;
  if (source !== 's3') return (values) => variables.some((name) => identifiesEntry(name, values));
  const isOwn =
    variables.includes('key') || listOf(key).some((each) => identifiesObject(compilePattern(each), template));
  return () => isOwn;
}

/** What names an entry; Kontent.ai tells its codename alone. */
const identifiers = ['id', 'slug', 'url', 'path', 'fields.codename'] as const;

/** A field that holds the slug is as good as the slug. */
function identifiesEntry(name: string, values: Variables): boolean {
  const value = values[name];
  return value !== undefined && identifiers.some((each) => each === name || values[each] === value);
}

/** By what the file is called; where that is the same for all keys of the pattern, such as an index, by all the rest. */
function identifiesObject({ tokens, variables }: Pattern, template: Template): boolean {
  const inName = tokens.slice(lastSlash(tokens));
  const named = inName.flatMap((token) => (token.kind === 'variable' ? [token.name] : []));
  if (named.length > 0) return named.some((name) => template.variables.includes(name));
  if (variables.length > 0) return variables.every((name) => template.variables.includes(name));
  const [only] = tokens;
  return only?.kind === 'literal' && decodedName(template.sample) === nameOf(only.text);
}

/** The index of the last literal with a slash, and 0 without one. */
function lastSlash(tokens: Pattern['tokens']): number {
  return Math.max(
    0,
    tokens.findLastIndex((token) => token.kind === 'literal' && token.text.includes('/')),
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function decodedName(url: string): string | undefined {
  try {
    return decodeURIComponent(nameOf(url.split('?')[0] ?? ''));
  } catch {
    return undefined;
  }
}
