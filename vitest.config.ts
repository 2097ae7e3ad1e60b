import { defineConfig } from 'vitest/config'

/** They wait most of the time: for a cluster, a probe, a grace period. So they wait side by side. */
const waiting = [
  'src/conformance/*.run.test.ts',
  'src/embedded/kubectl.run.test.ts',
  'src/cli/interrupt.run.test.ts',
]
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
          // One more than cores: some of these wait, too.
          maxWorkers: 3,
          // A worker loads the modules once, not once for each file: that was half of the time.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'clusters',
          include: waiting,
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
          exclude: waiting,
          fileParallelism: false,
          testTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
