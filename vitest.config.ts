import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 20_000, hookTimeout: 30_000 }

export default defineConfig({
  test: {
    globalSetup: ['scripts/vitest-build.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: ['src/**/*.test.ts', 'sample-app/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['src/**/*.run.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole runs measure time: they come after the rest, one file after the other, with the machine to themselves.
        test: {
          ...shared,
          name: 'runs',
          include: ['src/**/*.run.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
