import { defineConfig } from 'vitest/config';

/** `npm run test:chaos`: minutes, and so not a part of `npm test`. */
export default defineConfig({
  test: { include: ['test/chaos/*.chaos.ts'], testTimeout: 580_000, hookTimeout: 60_000 },
});
