/** Which k6 makes the load, if it is to. */
import { findK6, type K6Executable } from '../base/k6-executable.ts'
import type { Experiment } from '../run/experiment.ts'
import { UsageError } from './exit-code.ts'

export type DriverName = 'rollproof' | 'k6'

/** Null where nobody needs it. A k6 that is missing or of no use is told before anything is begun. */
export async function k6For(
  experiments: readonly Experiment[],
  driver: DriverName | undefined,
  onRealCluster: boolean,
): Promise<K6Executable | null> {
  const scripted = experiments.find(({ scenario }) => scenario.k6Script !== undefined)
  if (scripted !== undefined && driver === 'rollproof')
    throw new UsageError(
      `--driver rollproof: the load of ${scripted.scenario.name} is a k6 script (key \`load.k6\`), which only k6 can run`,
    )
  if (scripted === undefined && driver !== 'k6') return null
  if (onRealCluster)
    throw new UsageError(
      'k6 makes the load on the embedded cluster only: leave out --driver k6, or --cluster kind and --context',
    )
  const search = await findK6(process.env)
  if (search.ok) return search.k6
  const why =
    driver === 'k6' ? '--driver k6' : `the load of ${scripted?.scenario.name ?? '?'} (key \`load.k6\`)`
  throw new UsageError(`${why}: ${search.problem}`)
}
