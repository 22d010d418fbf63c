import type { buildApp } from 'fauxqs';

/**
 * Lets objects have any content type, as in S3: curl's own for a body is that of a form, which fauxqs parses for another
 * service, whose requests are never PUT.
 */
export function allowAnyContentType(app: ReturnType<typeof buildApp>): void {
  const types = new WeakMap<object, string>();
  app.addHook('onRequest', (request, _reply, done) => {
    const { 'content-type': type } = request.raw.headers;
    if (request.method === 'PUT' && type !== undefined) {
      types.set(request, type);
      request.raw.headers['content-type'] = 'application/octet-stream';
    }
    done();
  });
  app.addHook('preHandler', (request, _reply, done) => {
    const type = types.get(request);
    if (type !== undefined) request.raw.headers['content-type'] = type;
    done();
  });
}
