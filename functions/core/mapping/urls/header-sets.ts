import type { Header } from '../../model/types.ts';
import { compilePlainTemplate, type Template, type Variables } from '../patterns/template.ts';
import { gapEntry, noUrl, type OmittedUrl, type UrlProblem } from './url-entry.ts';

/** One set of headers, as values by name. A value can hold variables. `{}` is the version without any. */
export type HeaderSet = Readonly<Record<string, string>>;

/** The versions of a file to purge: a list of header sets, or values by header name to cross with each other. */
export type FileHeaders = readonly HeaderSet[] | Readonly<Record<string, string | readonly string[]>>;

/** Most versions of one file. */
export const maxHeaderSets = 100;

/** @returns the header sets that are meant; the first header of a cross changes slowest */
export function headerSetsOf(fileHeaders: FileHeaders): readonly HeaderSet[] {
  if (isList(fileHeaders)) return fileHeaders;
  let sets: readonly HeaderSet[] = [{}];
  for (const [name, values] of Object.entries(fileHeaders)) {
    sets = sets.flatMap((set) => [values].flat().map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}

function isList(fileHeaders: FileHeaders): fileHeaders is readonly HeaderSet[] {
  return Array.isArray(fileHeaders);
}

/** From variables to header sets; or why there is none. */
export type HeaderExpander = (
  variables: Variables,
) => readonly (readonly Header[] | UrlProblem | OmittedUrl)[];

/** @throws PatternError for a value that is not a template */
export function compileHeaders(fileHeaders: FileHeaders): HeaderExpander {
  const compiled = headerSetsOf(fileHeaders).map((set) =>
    Object.entries(set).map(([name, value]) => ({ name, template: compilePlainTemplate(value) })),
  );
  return (variables) => compiled.map((set) => expandSet(set, variables));
}

function expandSet(
  set: readonly { readonly name: string; readonly template: Template }[],
  variables: Variables,
): readonly Header[] | UrlProblem | OmittedUrl {
  const headers: Header[] = [];
  for (const { name, template } of set) {
    const expansion = template.expand(variables);
    if (expansion.kind !== 'expanded') return gapEntry(expansion, ` for the header ${name}`);
    const [value = ''] = expansion.results;
    // No request can carry such a value, so no version of a file has it.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return noUrl(`the header ${name} cannot have this value`);
    headers.push({ name, value });
  }
  return headers;
}
