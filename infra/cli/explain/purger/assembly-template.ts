import { isRecord, recordOf } from '../../../../functions/core/model/record.ts';

type Json = Readonly<Record<string, unknown>>;

/** A resource of a template. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Json;
}

/** @returns the resources of a template */
export function resourcesIn(template: unknown): readonly Resource[] {
  return Object.entries(recordOf(recordOf(template)?.Resources) ?? {}).flatMap(([id, resource]) => {
    if (!isRecord(resource) || typeof resource.Type !== 'string') return [];
    return [{ id, type: resource.Type, properties: recordOf(resource.Properties) ?? {} }];
  });
}

/** @returns a string of a template, with the logical ID in place of what a resource gives; undefined for anything else */
export function stringOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return undefined;
  const id = idOf(value);
  if (id !== undefined) return id;
  const [separator, parts] = Array.isArray(value['Fn::Join']) ? value['Fn::Join'] : [];
  if (typeof separator !== 'string' || !Array.isArray(parts)) return undefined;
  return parts.map((part) => stringOf(part) ?? '').join(separator);
}

/** @returns the logical ID of the resource that a `Ref` or a `Fn::GetAtt` is of */
export function idOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const { Ref: ref, 'Fn::GetAtt': attribute } = value;
  const [id] = Array.isArray(attribute) ? attribute : [ref];
  return typeof id === 'string' ? id : undefined;
}

/** @returns a variable of a function's environment */
export function variableOf({ properties }: Resource, name: string): string | undefined {
  return stringOf(recordOf(recordOf(properties.Environment)?.Variables)?.[name]);
}

/** @returns the hash of a function's asset */
export function assetOf({ properties }: Resource): string | undefined {
  const key = recordOf(properties.Code)?.S3Key;
  return typeof key === 'string' ? /([^/]+)\.zip$/.exec(key)?.[1] : undefined;
}
