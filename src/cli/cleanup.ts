/** `rollproof cleanup`: after a SIGKILL. What belongs to a living run is left alone. Doing it again does no harm. */
import { systemClock } from '../base/clock.ts'
import { takeBackJournals, type JournalEnd } from '../cluster/journal-cleanup.ts'
import { journalFolder } from '../cluster/journal.ts'
import { removeKindLeftovers } from '../cluster/kind/leftovers.ts'
import { findLeftovers, removeLeftover } from '../cluster/leftovers.ts'
import { assertNever } from '../base/assert.ts'
import type { ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

export async function cleanupCommand({ stdout, stderr, env }: Streams): Promise<ExitCode> {
  // A kind cluster that goes takes all with it that was made there.
  const clusters = await removeKindLeftovers(env)
  // Clusters first: an embedded one that was left behind is about to end.
  const ends = await takeBackJournals(journalFolder(env), systemClock)
  const leftovers = await findLeftovers()
  for (const leftover of leftovers) {
    removeLeftover(leftover)
    stdout.write(`removed ${leftover.folder}, ended ${leftover.pids.length} processes\n`)
  }
  for (const { name, failure } of clusters)
    (failure === null ? stdout : stderr).write(
      failure === null ? `deleted the kind cluster ${name}\n` : `${failure}\n`,
    )
  for (const end of ends) (end.kind === 'kept' ? stderr : stdout).write(sentences(end))
  if (leftovers.length + ends.length + clusters.length === 0) stdout.write('nothing was left behind\n')
  const remain = ends.some(({ kind }) => kind === 'kept') || clusters.some(({ failure }) => failure !== null)
  return remain ? 3 : 0
}

function sentences(end: JournalEnd): string {
  switch (end.kind) {
    case 'living':
      return `run ${end.runId} is still going on (process ${end.pid}): left alone\n`
    case 'taken-back':
      return `run ${end.runId} on ${end.context}:${listed(end.done, 'nothing had to be taken back')}`
    case 'kept':
      return (
        `run ${end.runId} on ${end.context}:${listed(end.why, '')}` +
        (end.done.length === 0 ? '' : `  done so far:${listed(end.done, '')}`) +
        `  its journal is kept, for another rollproof cleanup; if the cluster is gone for good, remove ${end.file}\n`
      )
    default:
      return assertNever(end)
  }
}

const listed = (items: readonly string[], none: string): string =>
  items.length === 0 ? ` ${none}\n` : `\n${items.map(item => `  ${item}\n`).join('')}`
