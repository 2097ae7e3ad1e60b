/** An embedded cluster met as a user meets any other: through a kubeconfig file; and a real one, where there is one. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { connectKube, type KubeClient } from '../../kube/client.ts'
import { readKubeconfig } from '../../kube/kubeconfig.ts'
import type { ClusterInputs } from '../../model/scenario.ts'
import { startEmbedded } from '../embedded.ts'
import { sampleAppImages } from '../images.ts'
import { kubeconfigFor } from '../kubeconfig.ts'

export interface SharedCluster {
  name: string
  kubeconfig: string
  context: string
  /** A folder for journals, of the test's own. */
  journals: string
  client: KubeClient
  url: string
  token: string
  stop(): Promise<void>
}

const inputs: ClusterInputs = {
  nodes: 3,
  roundTripMs: 0,
  proxyLagMs: 0,
  proxyJitterMs: 0,
  kubernetesMinor: 34,
  addresses: 'auto',
}

export async function embeddedContext(): Promise<SharedCluster> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'shared-cluster-'))
  const embedded = await startEmbedded({
    inputs,
    images: sampleAppImages(),
    seed: 1,
    clock: systemClock,
    givesWay: false,
  })
  const kubeconfig = path.join(folder, 'kubeconfig')
  const { url } = embedded.ready
  writeFileSync(kubeconfig, kubeconfigFor('modelled', url, embedded.token))
  const client = await connectKube({ files: [kubeconfig] })
  return {
    name: 'embedded',
    kubeconfig,
    context: 'modelled',
    journals: path.join(folder, 'journal'),
    client,
    url,
    token: embedded.token,
    async stop() {
      client.close()
      await embedded.child.stop(5000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The current context of the file that $ROLLPROOF_TEST_KUBECONFIG names: a real cluster that tests may use. */
export async function realContext(): Promise<SharedCluster | null> {
  const kubeconfig = process.env.ROLLPROOF_TEST_KUBECONFIG
  if (kubeconfig === undefined || !existsSync(kubeconfig)) return null
  const folder = mkdtempSync(path.join(os.tmpdir(), 'shared-cluster-'))
  const { context, server } = await readKubeconfig({ files: [kubeconfig] })
  const client = await connectKube({ files: [kubeconfig] })
  return {
    name: 'real',
    kubeconfig,
    context,
    journals: path.join(folder, 'journal'),
    client,
    url: server,
    token: '',
    stop() {
      client.close()
      rmSync(folder, { recursive: true, force: true })
      return Promise.resolve()
    },
  }
}
