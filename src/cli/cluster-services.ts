/** Where a browser, curl or k6 finds the Services of a cluster that stays. */
import { readFile } from 'node:fs/promises'
import type { SupervisedCluster } from '../cluster/supervised.ts'
import type { RelayLine } from '../model/embedded-cluster.ts'

/** One line per port of a Service; an empty text when there is none. */
export async function serviceLines({ url, kubeconfig }: SupervisedCluster): Promise<string> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as { users: { user: { token: string } }[] }
  const response = await fetch(`${url}/rollproof/v1/relays`, {
    headers: { Authorization: `Bearer ${config.users[0]?.user.token ?? ''}` },
    signal: AbortSignal.timeout(5000),
  })
  if (!response.ok) throw new Error(`the cluster does not tell its Services: status ${response.status}`)
  const { relays } = (await response.json()) as { relays: RelayLine[] }
  return relays.map(relay => `  ${lineOf(relay)}\n`).join('')
}

function lineOf({ service, kind, node, host, port, dial, state }: RelayLine): string {
  const where = dial === null ? `no address on this machine for ${host}:${port}` : `${dial.host}:${dial.port}`
  const instead = dial !== null && dial.port !== port ? ` (instead of port ${port})` : ''
  const via = kind === 'NodePort' ? ` (node port on ${node})` : ''
  const notes = { relays: '', refuses: ', refuses: no endpoint', drops: ', drops: no endpoint on this node' }
  return `service ${service}${via}: ${where}${instead}${notes[state]}`
}
