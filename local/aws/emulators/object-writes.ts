import type { buildApp } from 'fauxqs';

/** The operation that made a change, as in the `reason` of S3's EventBridge events. */
export type Operation =
  | 'PutObject'
  | 'CopyObject'
  | 'CompleteMultipartUpload'
  | 'POST Object'
  | 'DeleteObject';

/** One object that was written or deleted. */
export interface ObjectWrite {
  readonly operation: Operation;
  readonly bucket: string;
  /** Not encoded. */
  readonly key: string;
  /** Left out for a delete. */
  readonly sizeBytes?: number;
  readonly etag?: string;
  /** Hexadecimal, growing from write to write. */
  readonly sequencer: string;
  readonly atMs: number;
  readonly requestId: string;
  readonly sourceIp: string;
}

type S3App = ReturnType<typeof buildApp>;

/**
 * Calls back for every object that a successful request to the S3 emulator writes or deletes, once it is answered:
 * fauxqs accepts notification configurations but delivers nothing.
 */
export function watchObjectWrites(app: S3App, onWrite: (write: ObjectWrite) => void): void {
  const nextSequencer = createSequencer();
  const seen = new WeakMap<object, readonly ObjectWrite[]>();
  // Not an async hook: while one is pending, the handler's own end makes Fastify send a second, empty answer.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode < 400) {
      // The order of the sequencers is that of the store: the handler has just changed it.
      const writes = describeWrites(request as S3Request, String(payload ?? ''), reply.getHeader('etag'));
      const requestId = String(reply.getHeader('x-amz-request-id'));
      const common = { atMs: Date.now(), requestId, sourceIp: request.ip };
      seen.set(
        request,
        writes.map((write) => ({ ...write, ...common, sequencer: nextSequencer(common.atMs) })),
      );
    }
    done(null, payload);
  });
  app.addHook('onResponse', async (request) => {
    for (const write of seen.get(request) ?? []) onWrite(await withSize(write, app));
  });
}

/** The parts of a request to fauxqs that say what it did. */
interface S3Request {
  readonly method: string;
  readonly params: { readonly bucket?: string; readonly '*'?: string } | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

type WriteCore = Pick<ObjectWrite, 'operation' | 'bucket' | 'key' | 'sizeBytes' | 'etag'>;

function describeWrites(request: S3Request, payload: string, etagHeader: unknown): WriteCore[] {
  const { method, params, query, headers } = request;
  const { bucket, '*': key = '' } = params ?? {};
  if (bucket === undefined) return [];
  const etag = String(etagHeader ?? /<ETag>(.*?)<\/ETag>/.exec(payload)?.[1] ?? '').replace(/"|&quot;/g, '');
  const isPart = 'uploadId' in query;
  if (method === 'PUT' && key !== '' && !isPart && !('renameObject' in query)) {
    return headers['x-amz-copy-source'] === undefined
      ? [{ operation: 'PutObject', bucket, key, etag, sizeBytes: sentBytes(request) }]
      : [{ operation: 'CopyObject', bucket, key, etag }];
  }
  if (method === 'DELETE' && key !== '' && !isPart) return [{ operation: 'DeleteObject', bucket, key }];
  if (method !== 'POST' || 'uploads' in query) return [];
  if (isPart) return [{ operation: 'CompleteMultipartUpload', bucket, key, etag }];
  const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : String(request.body ?? '');
  if (String(headers['content-type']).startsWith('multipart/form-data')) {
    return [{ operation: 'POST Object', bucket, key: formKey(body), etag }];
  }
  return [...body.matchAll(/<Key>([\s\S]*?)<\/Key>/g)].map(([, name = '']) => ({
    operation: 'DeleteObject',
    bucket,
    key: unescapeXml(name),
  }));
}

function sentBytes({ headers, body }: S3Request): number {
  // With `aws-chunked`, the body holds the chunks' signatures too.
  const decoded = headers['x-amz-decoded-content-length'];
  return decoded === undefined ? Buffer.byteLength((body as Buffer | undefined) ?? '') : Number(decoded);
}

function formKey(body: string): string {
  const key = /name="key"(?:\r\n[^\r\n]+)*\r\n\r\n([\s\S]*?)\r\n--/.exec(body)?.[1] ?? '';
  const fileName = /name="file"; filename="(?:[^"]*[\\/])?([^"]*)"/.exec(body)?.[1] ?? '';
  return key.replace(/\$\{filename\}/g, () => fileName);
}

function unescapeXml(escaped: string): string {
  const plain: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return escaped.replace(/&(lt|gt|quot|apos|amp);/g, (_entity, name: string) => plain[name] ?? '');
}

/** Gets the size of an object from the store where the request did not have it. */
async function withSize(write: ObjectWrite, app: S3App): Promise<ObjectWrite> {
  if (write.operation === 'DeleteObject' || write.sizeBytes !== undefined) return write;
  const path = write.key.split('/').map(encodeURIComponent).join('/');
  const { headers } = await app.inject({ method: 'HEAD', url: `/${write.bucket}/${path}` });
  return { ...write, sizeBytes: Number(headers['content-length'] ?? 0) };
}

function createSequencer(): (nowMs: number) => string {
  let last = 0n;
  return (nowMs) => {
    const fromClock = BigInt(nowMs) << 20n;
    last = fromClock > last ? fromClock : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, '0');
  };
}
