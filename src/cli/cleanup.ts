/** `rollproof cleanup`: after a SIGKILL. What belongs to a living run is left alone. */
import { findLeftovers, removeLeftover } from '../cluster/leftovers.ts'
import type { ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

export async function cleanupCommand({ stdout }: Streams): Promise<ExitCode> {
  const leftovers = await findLeftovers()
  for (const leftover of leftovers) {
    removeLeftover(leftover)
    stdout.write(`removed ${leftover.folder}, ended ${leftover.pids.length} processes\n`)
  }
  if (leftovers.length === 0) stdout.write('nothing was left behind\n')
  return 0
}
