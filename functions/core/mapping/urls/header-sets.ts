import type { Header } from '../../model/types.ts';
import { compilePlainTemplate, describeGap, type Template, type Variables } from '../patterns/template.ts';

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

/** From variables to header sets; or what is missing, or wrong, for a set. */
export type HeaderExpander = (variables: Variables) => {
  readonly sets: readonly (readonly Header[])[];
  readonly problems: readonly string[];
};

/** @throws PatternError for a value that is not a template */
export function compileHeaders(fileHeaders: FileHeaders): HeaderExpander {
  const compiled = headerSetsOf(fileHeaders).map((set) =>
    Object.entries(set).map(([name, value]) => ({ name, template: compilePlainTemplate(value) })),
  );
  return (variables) => {
    const sets: (readonly Header[])[] = [];
    const problems: string[] = [];
    for (const set of compiled) {
      const result = expandSet(set, variables);
      if (typeof result === 'string') problems.push(result);
      else sets.push(result);
    }
    return { sets, problems };
  };
}

function expandSet(
  set: readonly { readonly name: string; readonly template: Template }[],
  variables: Variables,
): readonly Header[] | string {
  const headers: Header[] = [];
  for (const { name, template } of set) {
    const expansion = template.expand(variables);
    if (expansion.kind !== 'expanded') return `${describeGap(expansion)} for the header ${name}`;
    const [value = ''] = expansion.results;
    // No request can carry such a value, so no version of a file has it.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return `the header ${name} cannot have this value`;
    headers.push({ name, value });
  }
  return headers;
}
