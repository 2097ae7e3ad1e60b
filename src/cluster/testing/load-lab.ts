/** An embedded cluster with the load driver's image, behind a proxy that a test can cut, and a server that counts. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../base/clock.ts'
import { programPath } from '../../base/package-root.ts'
import { connectKube, type KubeClient } from '../../kube/client.ts'
import { MutatingClient, noLog, type Mutations } from '../../kube/mutations.ts'
import type { LoadPlan, Sample, SampleRow } from '../../model/load.ts'
import { unpackSample } from '../../model/sample-row.ts'
import { startEmbedded, type EmbeddedProcess } from '../embedded.ts'
import { kubeconfigFor } from '../kubeconfig.ts'
import type { LoadObserver } from '../load-process.ts'
import { startCutProxy, type CutProxy } from './cut-proxy.ts'

export interface LoadLab {
  client: KubeClient
  mutations: Mutations
  proxy: CutProxy
  server: CountingServer
  close(): Promise<void>
}

export interface CountingServer {
  host: string
  port: number
  /** When each request arrived, by the test's own clock. */
  arrivals: Map<string, number[]>
}

/** In a pod of the embedded cluster 127.0.0.1 is the pod itself. */
const host = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'

export const loadImage = { name: 'rollproof/load-lab:1', command: ['load'] }

export async function startLoadLab(): Promise<LoadLab> {
  const cluster = await startEmbedded({
    inputs: {
      nodes: 2,
      roundTripMs: 0,
      proxyLagMs: 0,
      proxyJitterMs: 0,
      kubernetesMinor: 34,
      addresses: 'auto',
    },
    images: {
      [loadImage.name]: {
        commands: { load: [process.execPath, programPath('load')] },
        entrypoint: ['load'],
        args: [],
        env: {},
        workingDir: null,
      },
    },
    seed: 1,
    clock: systemClock,
    givesWay: false,
  })
  const proxy = await startCutProxy(Number(new URL(cluster.ready.url).port))
  const client = await connectKube(kubeconfigFor('lab', `http://127.0.0.1:${proxy.port}`, cluster.token))
  const mutations = new MutatingClient({ client, runId: 'lab', log: noLog, prepare: object => object })
  const { http, server } = await startCountingServer()
  return { client, mutations, proxy, server, close: () => closeAll(cluster, client, proxy, http) }
}

async function closeAll(cluster: EmbeddedProcess, client: KubeClient, proxy: CutProxy, http: Server) {
  client.close()
  proxy.close()
  http.close()
  http.closeAllConnections()
  await cluster.child.stop(5000)
}

async function startCountingServer(): Promise<{ http: Server; server: CountingServer }> {
  const arrivals = new Map<string, number[]>()
  const http = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const id = String(request.headers['x-request-id'])
    arrivals.set(id, [...(arrivals.get(id) ?? []), systemClock.nowUs()])
    response.setHeader('x-request-id', id)
    request.resume().on('end', () => response.end('ok'))
  })
  await new Promise<void>(resolve => http.listen(0, host, resolve))
  return { http, server: { host, port: (http.address() as AddressInfo).port, arrivals } }
}

export function loadOrder(runPrefix: string): Omit<LoadPlan, 'target'> {
  const population = { postShare: 0, streamShare: 0, answerMs: 0 }
  return {
    version: 1,
    runPrefix,
    host: 'web',
    seed: 1,
    profile: {
      populations: [
        { population: 'fresh', ratePerSecond: 60, connections: 0, ...population },
        { population: 'reused', ratePerSecond: 60, connections: 5, ...population },
      ],
      connectTimeoutMs: 5000,
      firstByteTimeoutMs: 5000,
    },
    maxDurationMs: 60_000,
    maxInFlight: 1000,
  }
}

export interface Collected extends LoadObserver {
  samples: Sample[]
}

export function collector(): Collected {
  const samples: Sample[] = []
  return {
    samples,
    sample: (row: SampleRow) => void samples.push(unpackSample(row)),
    stall: () => undefined,
    probe: () => undefined,
    limits: () => undefined,
  }
}
