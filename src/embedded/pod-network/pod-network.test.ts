import { connect, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { Addresses } from '../addresses.ts'
import { LoopbackNetwork } from './loopback-network.ts'
import { openPodNetwork } from './open-pod-network.ts'
import type { PodNetwork } from './pod-network.ts'
import { PortStock } from './port-stock.ts'
import { withRealEndpoints } from './real-endpoints.ts'

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})
async function network(): Promise<PodNetwork> {
  const opened = await openPodNetwork('ports', seededRandom(4), 4)
  open.push(opened)
  return opened
}

test('pods keep an address each, and every port of them is a port of 127.0.0.1 of its own', async () => {
  const ports = await network()
  const [one, two] = [ports.nextPod(1), ports.nextPod(1)]
  expect([one, two]).toEqual(['10.244.10.2', '10.244.10.3'])
  const places = [ports.reach(one, 8080), ports.reach(two, 8080), ports.reach(one, 9090)]
  expect(new Set(places.map(({ port }) => port)).size).toBe(3)
  expect(places.every(({ host }) => host === '127.0.0.1')).toBe(true)
  expect(ports.reach(one, 8080)).toEqual(places[0])
  expect(ports.reach('192.0.2.7', 443)).toEqual({ host: '192.0.2.7', port: 443 })
})

test('two clusters never give out the same port, nor one that another program listens on', async () => {
  const first = await PortStock.open(seededRandom(9))
  const second = await PortStock.open(seededRandom(9))
  open.push(first, second)
  const given = [first, second].flatMap(stock => Array.from({ length: 60 }, () => stock.take()))
  expect(new Set(given).size).toBe(120)
  const taken = await new Promise<boolean>(resolve => {
    const server = createServer().once('error', () => resolve(true))
    server.listen(given[0], '127.0.0.1', () => server.close(() => resolve(false)))
  })
  expect(taken).toBe(false)
})

test('a published table leads to where the endpoints really are', async () => {
  const ports = await network()
  const pod = ports.nextPod(0)
  const server = createServer(socket => socket.end())
  const { host, port } = ports.reach(pod, 8080)
  await new Promise<void>(resolve => server.listen(port, host, resolve))
  open.push(server)
  const rule = { service: 'default/web:80', clusterIP: '10.96.1.2', fallback: false }
  const endpoints = [{ address: pod, port: 8080, pod: 'web-1' }]
  const rejectAnswers = { intervalMs: 1000, burst: 6 }
  const services = [{ ...rule, endpoints }]
  const table = { node: 'n', version: 1, atUs: 0, roundTripMs: 0, rejectAnswers, services }
  const [endpoint] = withRealEndpoints(table, ports).services[0]?.endpoints ?? []
  expect(endpoint).toEqual({ address: host, port, pod: 'web-1' })
  await new Promise<void>(resolve => {
    const socket = connect({ host, port }, () => resolve(void socket.destroy()))
  })
})

test('a privileged port is another one of the same address, where the user may not bind it', () => {
  const own = new LoopbackNetwork(new Addresses(77, 4), () => undefined, 1024)
  const pod = own.nextPod(1)
  expect(own.reach(pod, 80)).toEqual({ host: pod, port: 40_080 })
  expect(own.reach(pod, 8080)).toEqual({ host: pod, port: 8080 })
  expect(own.reach('127.0.0.1', 80)).toEqual({ host: '127.0.0.1', port: 80 })
})
