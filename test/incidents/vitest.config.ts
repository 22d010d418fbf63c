import { defineConfig } from 'vitest/config';

/** `npm run test:incidents`: minutes, and so not a part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/incidents/*.incidents.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
