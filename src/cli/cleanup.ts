/** `rollproof cleanup`: after a SIGKILL. What belongs to a living run is left alone. */
import { findLeftovers, removeLeftover } from '../cluster/leftovers.ts'
import { removeKindLeftovers } from '../cluster/kind/leftovers.ts'
import type { ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

export async function cleanupCommand({ stdout, env }: Streams): Promise<ExitCode> {
  const leftovers = await findLeftovers()
  for (const leftover of leftovers) {
    removeLeftover(leftover)
    stdout.write(`removed ${leftover.folder}, ended ${leftover.pids.length} processes\n`)
  }
  const clusters = await removeKindLeftovers(env)
  for (const { name, failure } of clusters)
    stdout.write(failure === null ? `deleted the kind cluster ${name}\n` : `${failure}\n`)
  if (clusters.some(({ failure }) => failure !== null)) return 3
  if (leftovers.length + clusters.length === 0) stdout.write('nothing was left behind\n')
  return 0
}
