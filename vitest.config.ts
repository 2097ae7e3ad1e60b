import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'sample-app/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['scripts/vitest-build.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
