import { afterEach, expect, test } from 'vitest'
import type { Pod } from '../kube/types.ts'
import { ApiError } from './cluster-api.ts'
import { Kubelet } from './kubelet/kubelet.ts'
import { OneNode } from './kubelet/testing/one-node.ts'
import { NodeMachine } from './node-power.ts'
import { KubeProxy } from './proxy/kube-proxy.ts'

let node: OneNode
let machine: NodeMachine
afterEach(() => {
  machine.stop()
  node.close()
})

/** The node's kubelet runs on a machine that can be switched off; addresses are counted up. */
function start(script: ConstructorParameters<typeof OneNode>[0] = {}): void {
  node = new OneNode(script, { powerOffMs: 1000 })
  node.kubelet.stop()
  let addresses = 0
  machine = new NodeMachine({
    name: 'worker-1',
    isControlPlane: false,
    api: node.api,
    clock: node.clock,
    runtime: node.runtime,
    silence: node.parts.silence,
    network: node.parts.network,
    startKubelet(link) {
      const { api, clock, runtime } = link
      const nextPodAddress = (): string => `127.9.2.${++addresses}`
      const kubelet = new Kubelet({ ...node.parts, api, clock, runtime, nextPodAddress })
      kubelet.start()
      return kubelet
    },
    startProxy: ({ api, clock }) =>
      new KubeProxy({
        ...node.parts,
        api,
        clock,
        node: 'worker-1',
        silentAddress: () => ({ address: '127.9.255.253', port: 1 }),
        publish: () => undefined,
      }),
  })
}

test('a crashed node falls silent, and after its restart the containers start anew in a new sandbox', async () => {
  start()
  node.run({}, { initContainers: [{ name: 'init', image: 'app' }] })
  await node.until('init', () => node.runtime.started.length === 1)
  node.container(0).exitWith(0)
  await node.until('ready', () => node.ready)
  const before = JSON.stringify(node.pod)
  await machine.crash()
  expect(node.container(1).frozen).toBe(true)
  await node.advance(100_000)
  expect(JSON.stringify(node.pod)).toBe(before)
  await machine.restart()
  await node.until('init again', () => node.runtime.started.length === 3)
  node.container(2).exitWith(0)
  await node.until('ready again', () => node.ready && node.pod?.status?.podIP === '127.9.2.2')
  expect(node.pod?.status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 1,
    lastState: { terminated: { exitCode: 255, reason: 'Unknown' } },
  })
  expect(node.silenced).toEqual(['127.9.2.1'])
})

test('what was deleted while its node was off goes when the node is back', async () => {
  start()
  node.run({})
  await node.until('ready', () => node.ready)
  await machine.crash()
  node.api.delete('pods', 'default', 'web')
  await node.advance(60_000)
  expect(node.pod).not.toBeNull()
  await machine.restart()
  await node.until('gone', () => node.pod === null)
  expect(node.runtime.started.length).toBe(1)
})

test('a shutdown ends pods within its own time, undeleted, and then takes no other', async () => {
  start({ onSigterm: 'never exits' })
  node.run({}, { terminationGracePeriodSeconds: 300 })
  await node.until('ready', () => node.ready)
  await node.advance(3000)
  const beganMs = node.container().ageMs
  machine.shutDown({ totalSeconds: 15, criticalSeconds: 5 })
  await node.until('failed', () => node.pod?.status?.phase === 'Failed')
  expect(node.container().signals.map(({ atMs }) => atMs - beganMs)).toEqual([0, 10_000])
  expect(node.pod?.metadata.deletionTimestamp).toBeUndefined()
  expect(node.pod?.status).toMatchObject({
    reason: 'Terminated',
    message: 'Pod was terminated in response to imminent node shutdown.',
  })
  expect(node.pod?.status?.conditions?.[0]).toMatchObject({
    type: 'DisruptionTarget',
    reason: 'TerminationByKubelet',
  })
  node.run({}, {}, 'late')
  await node.until('rejected', () => node.api.get<Pod>('pods', 'default', 'late')?.status?.phase === 'Failed')
  expect(node.api.get<Pod>('pods', 'default', 'late')?.status).toMatchObject({
    reason: 'NodeShutdown',
    message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
  })
})

test('a node that is off cannot be switched off, nor one that runs be started', async () => {
  start()
  await expect(machine.restart()).rejects.toThrow(ApiError)
  await machine.crash()
  await expect(machine.crash()).rejects.toMatchObject({ code: 409 })
})
