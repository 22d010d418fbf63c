// The same in JavaScript with CommonJS: npx cdk synth --app 'node site.cjs'
const { App, Stack } = require('aws-cdk-lib');
const { Bucket } = require('aws-cdk-lib/aws-s3');
const { Secret } = require('aws-cdk-lib/aws-secretsmanager');
const { addOutputs, CdnPurger, Webhook } = require('cdn-pro-purger');

class Site extends Stack {
  constructor(scope, id) {
    super(scope, id);
    const purger = new CdnPurger(this, 'Purger', {
      credentials: Secret.fromSecretNameV2(this, 'CdnPro', 'cdn-pro/api'),
      target: 'production',
      rules: [
        {
          match: { source: 's3', key: 'site/{+path}' },
          purge: { fileUrls: ['https://www.example.com/{+path}'] },
          pages: { index: 'index.html' },
        },
        {
          match: { source: 'contentful', type: 'blogPost' },
          purge: { fileUrls: ['https://www.example.com/blog/{slug}', 'https://www.example.com/blog/'] },
        },
      ],
      alarms: { email: 'on-call@example.com', runbookUrl: 'https://wiki.example.com/cdn-purger' },
    });
    purger.watchBucket(new Bucket(this, 'Bucket'), { prefix: 'site/' });
    const secret = Secret.fromSecretNameV2(this, 'Contentful', 'cdn-pro-purger/contentful');
    purger.receiveWebhook(Webhook.contentful({ secret }));
    addOutputs(this, purger);
  }
}

const app = new App({ outdir: process.argv[2] ?? 'cdk.out' });
new Site(app, 'Site');
app.synth();
