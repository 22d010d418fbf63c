import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: '100%',
    // A worker keeps the modules that it has loaded; the CDK takes seconds. So a test file leaves nothing changed behind.
    isolate: false,
  },
});
