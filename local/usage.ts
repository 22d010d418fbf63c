import type { Local } from './local.ts';
import { firstObjects } from './s3-source.ts';

/** @returns what to try next, as commands that can be pasted */
export function usageOf({ ready, config }: Local): string {
  const { s3, edge, webhooks } = ready;
  const prefix = firstObjects(config)?.prefix ?? '';
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
  const names = Object.keys(webhooks);
  if (names.length > 0) {
    parts.push(`
Send a signed webhook: paste two lines of a webhook, and then its command from docs/sources.md:
${names.map((name) => `  URL=${webhooks[name]}\n  SECRET=${quoted(ready.webhookSecrets[name] ?? '')}`).join('\n')}`);
  }
  return `${parts.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''").trimEnd()}'`;
}
