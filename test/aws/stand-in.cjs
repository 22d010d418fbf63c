// A CDN Pro for those who have none at hand: POST /cdn/purges of one user with an access key, behind a function URL.
// Accepted purges are kept as objects in the test's bucket. CommonJS, since CloudFormation writes it into index.js.
const { createHash, createHmac, randomBytes } = require('node:crypto');
const { PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');

const { SECRET_KEY, BUCKET } = process.env;
const s3 = new S3Client();
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

exports.handler = async ({ requestContext, headers, rawPath, body = '', isBase64Encoded }) => {
  const requestId = randomBytes(8).toString('hex');
  const answer = (statusCode, code, location) => ({
    statusCode,
    headers: { 'x-cnc-request-id': requestId, ...(location && { location }) },
    body: code === undefined ? '' : JSON.stringify({ code, message: code }),
  });
  if (requestContext.http.method !== 'POST' || rawPath !== '/cdn/purges') return answer(404, 'NotFound');
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  // The access key's scheme and not the API key's, which signs the header Date: proxies write that themselves.
  const signed = `content-type:${headers['content-type']}\nhost:${headers.host}\n`;
  const canonical = ['POST', rawPath, '', signed, 'content-type;host', sha256(bytes)].join('\n');
  const signature = createHmac('sha256', SECRET_KEY)
    .update(`CNC-HMAC-SHA256\n${headers['x-cnc-timestamp']}\n${sha256(canonical)}`)
    .digest('hex');
  if (!headers.authorization?.endsWith(` Signature=${signature}`)) return answer(401, 'Unauthorized');
  const id = randomBytes(12).toString('hex');
  const Body = JSON.stringify({ acceptedMs: Date.now(), purge: JSON.parse(bytes.toString('utf8')) });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `accepted/${id}.json`, Body }));
  return answer(201, undefined, `https://${headers.host}/cdn/purges/${id}`);
};
