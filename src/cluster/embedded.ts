/** The embedded cluster: a program of its own, spoken to over HTTP alone. It ends when we do, whatever way we end. */
import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startChild, type LineChild } from '../base/child.ts'
import type { Clock } from '../base/clock.ts'
import { programPath } from '../base/package-root.ts'
import { connectKube } from '../kube/client.ts'
import { MutatingClient, noLog } from '../kube/mutations.ts'
import type { EmbeddedReady, EmbeddedStart, ImageContents, RelayLine } from '../model/embedded-cluster.ts'
import type { LoadTarget } from '../model/load.ts'
import type { ClusterInputs } from '../model/scenario.ts'
import { witnesses } from '../model/transition.ts'
import type { Cluster } from './cluster.ts'
import { kubeconfigFor } from './kubeconfig.ts'
import { removeRemains } from './leftovers.ts'
import { startLocalLoad } from './load-process.ts'
import { claim, EMBEDDED_FOLDER_PREFIX } from './owner.ts'

const STOP_GRACE_MS = 5000

/** The cluster is the run's own, so the default namespace serves. */
const NAMESPACE = 'default'

export interface EmbeddedPlan {
  inputs: ClusterInputs
  images: Record<string, ImageContents>
  seed: number
  clock: Clock
  /** Runs at a lower priority than ours, so that the cluster does not disturb the load. */
  givesWay: boolean
}

export interface EmbeddedProcess {
  ready: EmbeddedReady
  token: string
  directory: string
  child: LineChild
}

/** Starts the program and waits until it serves. */
export async function startEmbedded({
  inputs,
  images,
  seed,
  clock,
  givesWay,
}: EmbeddedPlan): Promise<EmbeddedProcess> {
  const directory = await mkdtemp(path.join(os.tmpdir(), EMBEDDED_FOLDER_PREFIX))
  claim(directory)
  const token = randomBytes(24).toString('hex')
  const { nodes: workers, roundTripMs, proxyLagMs, proxyJitterMs, kubernetesMinor, addresses } = inputs
  const start: EmbeddedStart = {
    directory,
    token,
    port: 0,
    addresses,
    images,
    settings: {
      workers,
      roundTripMs,
      proxyExtraLagMs: proxyLagMs,
      proxyJitterMs,
      kubernetesMinor,
      seed,
    },
  }
  let announce: (ready: EmbeddedReady) => void = () => undefined
  const announced = new Promise<EmbeddedReady>(resolve => (announce = resolve))
  const child = startChild(
    programPath('embedded'),
    [],
    clock,
    line => announce(JSON.parse(line) as EmbeddedReady),
    { givesWay, withoutTls: true },
  )
  void child.ended.then(({ exitCode }) => {
    if (exitCode !== 0) removeRemains(directory)
  })
  child.send(start)
  const ready = await Promise.race([announced, child.ended])
  if ('exitCode' in ready)
    throw new Error(`the embedded cluster did not start: ${ready.stderr || 'no reason given'}`)
  return { ready, token, directory, child }
}

const RELAYS_LIMIT_MS = 5000

/** Where a client that cannot choose an endpoint by itself dials a Service. */
async function relayOf(service: string, url: string, token: string): Promise<LoadTarget> {
  const response = await fetch(`${url}/rollproof/v1/relays`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(RELAYS_LIMIT_MS),
  })
  const { relays } = (await response.json()) as { relays: RelayLine[] }
  const found = relays.find(relay => relay.service === service && relay.kind === 'ClusterIP')
  if (found === undefined || found.dial === null)
    throw new Error(`the Service ${service} has no address on this machine that k6 could dial`)
  return { kind: 'address', ...found.dial }
}

export async function acquireEmbedded(plan: EmbeddedPlan): Promise<Cluster> {
  const { ready, token, child } = await startEmbedded(plan)
  const client = await connectKube(kubeconfigFor('rollproof-embedded', ready.url, token))
  const lost = child.ended.then(({ exitCode, signal, stderr }): never => {
    throw new Error(
      `the embedded cluster ended (exit code ${exitCode ?? signal ?? '?'}): ${stderr || 'no reason given'}`,
    )
  })
  lost.catch(() => undefined)
  return {
    facts: {
      kind: 'embedded',
      modelled: true,
      kubernetesVersion: ready.kubernetesVersion,
      nodes: ready.nodes,
      vantage: ready.vantage,
      settings: ready.settings,
    },
    client,
    mutations: new MutatingClient({ client, runId: 'embedded', log: noLog, prepare: object => object }),
    nodeRules: { touch: 'every', runId: 'embedded' },
    witnesses,
    readsLogs: 'live',
    namespace: NAMESPACE,
    async startLoad(order, { name, port }, observer) {
      const service = `${NAMESPACE}/${name}:${port}`
      const url = `${ready.url}/rollproof/v1/nodes/${ready.vantage}/forwarding`
      const target: LoadTarget =
        order.k6 === undefined
          ? { kind: 'forwarding', url, token, service }
          : await relayOf(service, ready.url, token)
      return startLocalLoad({ ...order, target }, plan.clock, observer)
    },
    lost,
    async release() {
      client.close()
      await child.stop(STOP_GRACE_MS)
    },
  }
}
