/** What a killed run left on a cluster of others is taken back from its journal. A living run's is left alone. */
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
import { connectKube } from '../kube/client.ts'
import { rmSync } from 'node:fs'
import { clusterUidOf } from './context-facts.ts'
import { REQUESTS_PER_SECOND } from './context.ts'
import { readJournals, type StoredJournal } from './journal.ts'
import { isSameProcess } from './process-start.ts'
import { takeBackAll } from './take-back-all.ts'

export type JournalEnd =
  | { kind: 'taken-back'; runId: string; context: string; done: string[] }
  /** Its run is still going on. */
  | { kind: 'living'; runId: string; pid: number }
  /** Nothing, or not all, could be taken back: the journal is kept. */
  | { kind: 'kept'; runId: string; context: string; file: string; done: string[]; why: string[] }

export async function takeBackJournals(folder: string, clock: Clock): Promise<JournalEnd[]> {
  const ends: JournalEnd[] = []
  for (const journal of readJournals(folder)) ends.push(await takeBackJournal(journal, clock))
  return ends
}

async function takeBackJournal(journal: StoredJournal, clock: Clock): Promise<JournalEnd> {
  const { file, head, entries } = journal
  const { runId, pid, place } = head
  const { context } = place
  if (isSameProcess(pid, head.processStart)) return { kind: 'living', runId, pid }
  const kept = (done: string[], why: string[]): JournalEnd => ({
    kind: 'kept',
    runId,
    context,
    file,
    done,
    why,
  })
  try {
    const source = { files: place.kubeconfigFiles }
    const client = await connectKube(source, { context, clock, requestsPerSecond: REQUESTS_PER_SECOND })
    try {
      const uid = await clusterUidOf(client)
      if (place.clusterUid !== null && uid !== place.clusterUid)
        return kept([], [`the context ${context} leads to another cluster now (${client.server})`])
      const { done, failed } = await takeBackAll({ client, clock, runId, entries })
      if (failed.length > 0) return kept(done, failed)
      rmSync(file, { force: true })
      return { kind: 'taken-back', runId, context, done }
    } finally {
      client.close()
    }
  } catch (error) {
    return kept([], [`${place.server} cannot be reached: ${messageOf(error)}`])
  }
}
