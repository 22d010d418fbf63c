// A configuration for cdn-purger explain, and for PurgerStack.
import { defineConfig } from 'cdn-pro-purger';

export default defineConfig({
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: 'www-example-com', prefix: 'site/' }],
  rules: [
    {
      match: { source: 's3', key: 'site/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
      pages: { index: 'index.html' },
    },
  ],
});
