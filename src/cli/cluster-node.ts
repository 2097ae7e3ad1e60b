/** `rollproof cluster node <name> crash | shutdown | restart`: what happens to machines, not to objects. */
import { readFileSync } from 'node:fs'
import { readSupervised, stateFolder } from '../cluster/supervised.ts'
import { KubeApiError } from '../kube/api-error.ts'
import { connectKube } from '../kube/client.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

const actions = ['crash', 'shutdown', 'restart'] as const
type Action = (typeof actions)[number]

export async function clusterNode(
  node: string,
  action: string,
  options: { grace?: string },
  { stdout, env }: Streams,
): Promise<ExitCode> {
  const known = actions.find(candidate => candidate === action)
  if (known === undefined) throw new UsageError(`cluster node: "${action}" is none of ${actions.join(', ')}`)
  if (options.grace !== undefined && (known !== 'shutdown' || !/^\d{1,9}$/.test(options.grace)))
    throw new UsageError('cluster node: --grace takes whole seconds, and goes with shutdown')
  const cluster = readSupervised(stateFolder(env))
  if (cluster === null)
    throw new Error('no embedded cluster is running; start one with: rollproof cluster up')
  const client = await connectKube(readFileSync(cluster.kubeconfig, 'utf8'))
  try {
    const query = options.grace === undefined ? '' : `?gracePeriodSeconds=${options.grace}`
    await client.request('POST', `/rollproof/v1/nodes/${encodeURIComponent(node)}/${known}${query}`)
  } catch (error) {
    if (error instanceof KubeApiError && error.code === 404)
      throw new UsageError(`cluster node: ${error.message}`)
    throw error
  } finally {
    client.close()
  }
  stdout.write(`${node} ${outcome(known)}\n`)
  return 0
}

function outcome(action: Action): string {
  switch (action) {
    case 'crash':
      return 'has no power: connections to it hang, and the control plane will miss its heartbeats'
    case 'shutdown':
      return 'is shutting down: its pods are being ended, then it is switched off'
    case 'restart':
      return 'has been started: its containers start anew'
  }
}
