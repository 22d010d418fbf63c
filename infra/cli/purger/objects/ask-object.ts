import { describeError } from '../../../../functions/lambda/log.ts';
import type { Now } from '../../queries/why/edge-now.ts';
import type { Clients } from '../clients.ts';

/** @param id an object as a change names it, `s3://BUCKET/KEY`. @returns what S3 has of it now; undefined for anything else */
export async function askObject(id: string, { objects }: Clients): Promise<Now | undefined> {
  const object = objectOf(id);
  if (object === undefined || objects === undefined) return undefined;
  try {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    const { bucket: Bucket, key: Key } = object;
    const { ETag: etag, LastModified } = await (await objects()).send(new HeadObjectCommand({ Bucket, Key }));
    return {
      from: id,
      answer: {
        status: 200,
        ...(etag !== undefined && { etag }),
        ...(LastModified !== undefined && { lastModifiedMs: LastModified.getTime() }),
      },
      seen: {
        status: 200,
        ...(etag !== undefined && { etag }),
        ...(LastModified !== undefined && { lastModified: LastModified.toUTCString() }),
      },
    };
  } catch (error) {
    const { name, message } = describeError(error);
    if (name === 'NotFound') return { from: id, answer: { status: 404 }, seen: { status: 404 } };
    return { from: id, reason: `not read: ${name}: ${message}` };
  }
}

/** @returns the object that a change names; undefined where it names something else */
export function objectOf(id: string): { readonly bucket: string; readonly key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(id) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}
