import { recordOf } from '../../../functions/core/model/record.ts';
import type { RenderedResource } from './rendered.ts';

/** A limit of AWS's on what a template says. */
export interface AwsRule {
  readonly name: string;
  /** AWS's page that says so. */
  readonly page: string;
  /** @returns what breaks it */
  readonly broken: (resources: readonly RenderedResource[]) => readonly string[];
}

/** A rule about each resource of a type: for which of them it is broken. */
export function each(type: string, breaks: (resource: RenderedResource) => boolean): AwsRule['broken'] {
  return (resources) =>
    resources.filter((resource) => resource.type === type && breaks(resource)).map(({ id }) => id);
}

/** @returns a nested field of a resource: `Environment.Variables` */
export function field({ properties }: Pick<RenderedResource, 'properties'>, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => recordOf(value)?.[name], properties);
}

/** @returns a field that is a string; empty where it is missing */
export function textAt(resource: RenderedResource, path: string): string {
  return String(field(resource, path) ?? '');
}

/** @returns a field that is a number; the given one where it is missing */
export function numberAt(resource: RenderedResource, path: string, otherwise = 0): number {
  return Number(field(resource, path) ?? otherwise);
}

/** @returns a field that is a list; empty where it is missing */
export function listAt(resource: RenderedResource, path: string): readonly unknown[] {
  return [field(resource, path) ?? []].flat();
}

/** @returns the bytes of a value as JSON without white space */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** @returns the resources that a field of others names, by that name */
export function groupedBy(
  resources: readonly RenderedResource[],
  type: string,
  nameOf: (resource: RenderedResource) => unknown,
): readonly (readonly [string, readonly RenderedResource[]])[] {
  const ofType = resources.filter((resource) => resource.type === type);
  return [...Map.groupBy(ofType, (resource) => JSON.stringify(nameOf(resource)))];
}
