/** Kind clusters that a killed run left behind: those whose user is gone, except for what was to be kept and is whole. */
import { messageOf } from '../../base/message-of.ts'
import { deleteKind } from './delete.ts'
import { isAlive, listRecords, writeRecord } from './record.ts'
import { toolsOf } from './tools.ts'

export interface KindLeftover {
  name: string
  /** Null when it is gone now. */
  failure: string | null
}

export async function removeKindLeftovers(env: NodeJS.ProcessEnv): Promise<KindLeftover[]> {
  const tool = toolsOf(env)
  const removed: KindLeftover[] = []
  for (const { folder, record } of listRecords(env)) {
    const { name, user, creator, keep, complete } = record
    if (user === null || isAlive(user)) continue
    if (keep && complete) {
      writeRecord(folder, { ...record, user: null, creator: null })
      continue
    }
    // It would go on making nodes behind our back.
    if (creator !== null && isAlive(creator)) process.kill(creator.pid, 'SIGKILL')
    try {
      await deleteKind(tool, env, name)
      removed.push({ name, failure: null })
    } catch (error) {
      removed.push({ name, failure: messageOf(error) })
    }
  }
  return removed
}
