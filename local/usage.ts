import type { Local } from './local.ts';

/** @returns what to try next, as commands that can be pasted */
export function usageOf({ ready, config }: Local): string {
  const { s3, edge, webhooks } = ready;
  const prefix = config.buckets?.[0]?.prefix ?? '';
  const parts = ['The stack stays up until Ctrl-C. Things to try:'];
  if (s3.bucket !== undefined) {
    parts.push(`
Upload a file with the AWS CLI (or with the curl below it), and watch it become a purge:
  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1 \\
    aws --endpoint-url ${s3.endpoint} s3 cp README.md s3://${s3.bucket}/${prefix}hello.html
  curl -T README.md ${s3.endpoint}/${s3.bucket}/${prefix}hello.html

See a page at the edge, and in x-cache where it came from:
  curl -i ${edge}/hello.html`);
  }
  const standard = config.webhooks?.find(({ source }) => source === 'standard-webhooks');
  if (standard !== undefined) {
    const name = standard.name ?? standard.source;
    const secret = ready.webhookSecrets[name]?.replace('whsec_', '') ?? '';
    parts.push(`
Send a signed webhook (Standard Webhooks):
  id=msg_$(date +%s); time=$(date +%s); body='{"type":"article.published","data":{"id":"a-1","slug":"hello"}}'
  signature=$(printf '%s' "$id.$time.$body" | openssl dgst -sha256 -mac HMAC \\
    -macopt hexkey:${Buffer.from(secret, 'base64').toString('hex')} -binary | openssl base64)
  curl -i -X POST ${webhooks[name]} -H 'content-type: application/json' \\
    -H "webhook-id: $id" -H "webhook-timestamp: $time" -H "webhook-signature: v1,$signature" -d "$body"`);
  }
  return `${parts.join('\n')}\n`;
}
