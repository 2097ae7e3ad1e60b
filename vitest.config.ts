import { defineConfig } from 'vitest/config'

/** The tour and the phases measure time: they have the machine to themselves. */
const measuring = ['src/tour.run.test.ts', 'src/conformance/phases/*.run.test.ts']
/** They make real clusters: `npm run test:kind`, and where Docker and kind are, `npm test`. */
const onKind = 'src/**/*.kind.test.ts'
// Reading them takes Node longer than all the rest of its start, and the tests start some thousand processes.
delete process.env.NODE_EXTRA_CA_CERTS
/**
 * Most of a test is waiting for its cluster. A real one is not asked for more than two cores bear: the tests look at what
 * comes in between, and a node that is seconds late tells of it at once or not at all.
 */
const isReal = process.env.ROLLPROOF_CONFORMANCE_KUBECONFIG !== undefined
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
          // More than cores: many of these wait, too.
          maxWorkers: 4,
          // A worker loads the modules once, not once for each file: that was half of the time.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // They wait most of the time, for a cluster, a probe, a grace period: so they wait side by side.
        test: {
          ...shared,
          name: 'clusters',
          include: ['src/**/*.run.test.ts'],
          exclude: measuring,
          testTimeout: 300_000,
          maxWorkers: isReal ? 2 : 6,
          ...(isReal ? { maxConcurrency: 2 } : {}),
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'runs',
          include: measuring,
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
