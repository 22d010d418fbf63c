import type { buildApp } from 'fauxqs';

/**
 * Answers the notification configuration of buckets, which fauxqs does not know. Each sends its events to EventBridge, as
 * deployments make them, until somebody puts a configuration without it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
 * @returns whether a bucket sends its events to EventBridge
 */
export function answerNotifications(app: ReturnType<typeof buildApp>): (bucket: string) => boolean {
  const silent = new Set<string>();
  app.addHook('preHandler', (request, reply, done) => {
    const { bucket, '*': key = '' } = (request.params ?? {}) as Readonly<Record<string, string>>;
    if (bucket === undefined || key !== '' || !Object.hasOwn(Object(request.query), 'notification')) {
      done();
      return;
    }
    if (request.method === 'PUT') {
      if (String(request.body ?? '').includes('<EventBridgeConfiguration')) silent.delete(bucket);
      else silent.add(bucket);
      reply.send('');
      return;
    }
    const sent = silent.has(bucket) ? '' : '<EventBridgeConfiguration/>';
    reply.type('application/xml').send(`<NotificationConfiguration>${sent}</NotificationConfiguration>`);
  });
  return (bucket) => !silent.has(bucket);
}
