/** Deletes a cluster that is rollproof's, and what is known of it. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { journalFolder, readJournals } from '../journal.ts'
import { isSameProcess } from '../process-start.ts'
import { folderOf, forget, recordFiles } from './record.ts'
import { lastWords, type Tool } from './tools.ts'

const LIMIT_MS = 60_000

export async function deleteKind(tool: Tool, env: NodeJS.ProcessEnv, name: string): Promise<void> {
  const folder = folderOf(env, name)
  const kubeconfig = path.join(folder, recordFiles.kubeconfig)
  const args = ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig]
  const end = await tool('kind', args, { limitMs: LIMIT_MS })
  if (end.exitCode !== 0) throw new Error(`kind delete cluster --name ${name}: ${lastWords(end)}`)
  forgetJournals(env, kubeconfig)
  forget(folder)
}

/** What a run made there is gone with the cluster: there is nothing to take back any more. */
function forgetJournals(env: NodeJS.ProcessEnv, kubeconfig: string): void {
  for (const { file, head } of readJournals(journalFolder(env))) {
    if (!head.place.kubeconfigFiles.includes(kubeconfig)) continue
    if (head.pid === process.pid || !isSameProcess(head.pid, head.processStart)) rmSync(file, { force: true })
  }
}
