/** Measures phases on one cluster and writes them as JSON to ROLLPROOF_PHASES_OUT; scripts/phases.mjs compares two. */
import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { inNamespace } from '../testing/namespace.ts'
import { openTarget } from '../testing/target.ts'
import { measure, measureCrash, phases, type Figures } from './measure.ts'

const out = process.env.ROLLPROOF_PHASES_OUT
const target = await openTarget()
afterAll(() => target.close())

const times = {
  rollouts: Number(process.env.ROLLPROOF_PHASES_ROLLOUTS ?? 5),
  deletions: Number(process.env.ROLLPROOF_PHASES_DELETIONS ?? 10),
}

test.skipIf(out === undefined)(
  'every phase of a rollout and of a deletion is seen',
  async () => {
    const results: Record<string, Figures> = {}
    for (const preStopS of [0, 2])
      await inNamespace(target, async namespace => {
        results[`preStop ${preStopS}`] = await measure(target, namespace, preStopS, times)
      })
    await inNamespace(target, namespace =>
      measureCrash(target, namespace, results['preStop 0'] ?? new Map<string, number[]>()),
    )
    const rows = phases.map(phase => [
      phase,
      Object.fromEntries(
        Object.entries(results).map(([variant, figures]) => [variant, figures.get(phase) ?? []]),
      ),
    ])
    writeFileSync(out ?? '', JSON.stringify(Object.fromEntries(rows)))
    expect(results['preStop 0']?.get('rollout in total')).toHaveLength(times.rollouts)
  },
  900_000,
)
