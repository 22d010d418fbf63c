import { defineConfig } from 'vitest/config';

/**
 * `npm run test:browser`: needs Chromium, and so is not a part of `npm test`. With `WRITE_PICTURE=1` it takes the picture of
 * README anew.
 */
export default defineConfig({
  test: {
    include: ['test/browser/*.browser.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
