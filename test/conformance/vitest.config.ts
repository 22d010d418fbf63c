import { defineConfig } from 'vitest/config';

/** `npm run test:conformance`: needs moto, and so not a part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/conformance/*.conformance.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each file has its own server, which keeps a core busy.
    fileParallelism: false,
  },
});
