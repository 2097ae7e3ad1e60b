/**
 * Where a client's credentials come from: the text of a kubeconfig, or files, merged as kubectl merges them (the first to
 * name a thing wins). Files are read and never written. @kubernetes/client-node is imported lazily: loading it costs
 * more than half a second.
 */
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { KubeConfig } from '@kubernetes/client-node'

export type KubeconfigSource = { text: string } | { files: readonly string[] }

export interface ChosenContext {
  config: KubeConfig
  context: string
  server: string
}

/** What kubectl reads: `--kubeconfig`, else $KUBECONFIG (a list), else ~/.kube/config. */
export function kubeconfigFiles(named: string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (named !== undefined) return [path.resolve(named)]
  const listed = (env.KUBECONFIG ?? '').split(path.delimiter).filter(file => file !== '')
  if (listed.length > 0) return listed.map(file => path.resolve(file))
  return [path.join(env.HOME ?? os.homedir(), '.kube', 'config')]
}

/** The chosen context's configuration; `context` null is the file's current one. */
export async function readKubeconfig(
  source: KubeconfigSource,
  context: string | null = null,
): Promise<ChosenContext> {
  const config = await mergedConfig(source)
  if (context !== null && config.getContextObject(context) === null) {
    const names = config.getContexts().map(({ name }) => name)
    throw new Error(`no context ${context}; there ${names.length === 1 ? 'is' : 'are'} ${listed(names)}`)
  }
  if (context !== null) config.setCurrentContext(context)
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new Error('the kubeconfig has no current context with a cluster')
  // A plain server (`kubectl proxy`, say) has no certificate to check; client-node wants to hear that.
  if (cluster.server.startsWith('http:')) Object.assign(cluster, { skipTLSVerify: true })
  return { config, context: config.getCurrentContext(), server: cluster.server }
}

async function mergedConfig(source: KubeconfigSource): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const merged = new KubeConfig()
  if ('text' in source) {
    merged.loadFromString(source.text)
    return merged
  }
  const there = source.files.filter(file => existsSync(file))
  if (there.length === 0) throw new Error(`no kubeconfig: ${listed(source.files)} is not there`)
  merged.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' })
  for (const file of there) {
    const one = new KubeConfig()
    one.loadFromFile(file)
    addMissing(merged, one)
  }
  return merged
}

/** client-node's own merge refuses a name that two files have. */
function addMissing(merged: KubeConfig, one: KubeConfig): void {
  const isNew = ({ name }: { name: string }, known: { name: string }[]): boolean =>
    !known.some(other => other.name === name)
  for (const each of one.getClusters()) if (isNew(each, merged.clusters)) merged.addCluster(each)
  for (const each of one.getUsers()) if (isNew(each, merged.users)) merged.addUser(each)
  for (const each of one.getContexts()) if (isNew(each, merged.contexts)) merged.addContext(each)
  if (merged.currentContext === '') merged.setCurrentContext(one.getCurrentContext())
}

const listed = (names: readonly string[]): string => names.join(', ') || 'none'
