import { defineConfig } from 'vitest/config'

const conformance = ['src/conformance/*.run.test.ts']
/** They make real clusters: `npm run test:kind`, and where Docker and kind are, `npm test`. */
const onKind = 'src/**/*.kind.test.ts'
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
          exclude: ['src/**/*.run.test.ts', onKind],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // They wait for a cluster most of the time, so they wait side by side.
        test: {
          ...shared,
          name: 'conformance',
          include: conformance,
          testTimeout: 300_000,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole runs measure time: they come after the rest, one file after the other, with the machine to themselves.
        test: {
          ...shared,
          name: 'runs',
          include: ['src/**/*.run.test.ts'],
          exclude: conformance,
          fileParallelism: false,
          testTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...shared,
          name: 'kind',
          include: [onKind],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
