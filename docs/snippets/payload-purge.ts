import { createHmac, randomUUID } from 'node:crypto';

/**
 * Hooks for collections and globals of Payload that tell the purger of their changes, signed by Standard Webhooks:
 *
 *   const purge = purgeHooks({ url: process.env.PURGER_URL, secret: process.env.PURGER_SECRET });
 *   export const Posts: CollectionConfig = {
 *     slug: 'posts',
 *     hooks: { afterChange: [purge.afterChange], afterDelete: [purge.afterDelete] },
 *   };
 *   export const Header: GlobalConfig = { slug: 'header', hooks: { afterChange: [purge.afterGlobalChange] } };
 */
export function purgeHooks({ url, secret }: { url: string; secret: string }) {
  return {
    async afterChange({ collection, operation, doc, previousDoc, req }: ChangeArguments) {
      const autosave = isAutosave(doc, req, req?.routeParams?.collection === collection.slug);
      await send({ collection: collection.slug, operation, doc, previousDoc, locale: req?.locale, autosave });
      return doc;
    },
    /** A global, such as a header or a footer, has a name and no documents. */
    async afterGlobalChange({ global, doc, previousDoc, req }: GlobalArguments) {
      const autosave = isAutosave(doc, req, req?.routeParams?.global === global.slug);
      await send({
        global: global.slug,
        operation: 'update',
        doc,
        previousDoc,
        locale: req?.locale,
        autosave,
      });
      return doc;
    },
    async afterDelete({ collection, doc, req }: DeleteArguments) {
      await send({ collection: collection.slug, operation: 'delete', doc, locale: req?.locale });
      return doc;
    },
  };

  async function send(event: Record<string, unknown>): Promise<void> {
    const body = JSON.stringify({ ...event, timestamp: new Date().toISOString() });
    try {
      const headers = { 'content-type': 'application/json', ...sign(body, secret) };
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(5000) });
      if (!response.ok) throw new Error(`it was answered ${response.status}`);
    } catch (error) {
      // A cache that is stale for longer is no reason to fail an editor's save.
      console.error('The purger was not told of a change:', error);
    }
  }
}

/** The admin panel saves a draft each second while somebody types: that is never an unpublish, and no other document's. */
function isAutosave(doc: Document, req: Request | undefined, isOfRequest: boolean): boolean {
  const { id = doc.id } = req?.routeParams ?? {};
  const isSaved = isOfRequest && String(id) === String(doc.id) && doc._status === 'draft';
  return isSaved && req?.query?.draft === 'true' && req.query.autosave === 'true';
}

type Document = Record<string, unknown>;

interface Request {
  locale?: string | null;
  query?: Record<string, unknown>;
  routeParams?: Record<string, unknown>;
}

interface ChangeArguments {
  collection: { slug: string };
  operation: 'create' | 'update';
  doc: Document;
  previousDoc?: Document;
  req?: Request;
}

type GlobalArguments = Omit<ChangeArguments, 'operation' | 'collection'> & { global: { slug: string } };
type DeleteArguments = Omit<ChangeArguments, 'operation' | 'previousDoc'>;

function sign(body: string, secret: string): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const seconds = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}
