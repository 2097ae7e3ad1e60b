/** Connects to a Service without an endpoint: against a table that this test writes, and a server that is there or not. */
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import type { ForwardingTable } from '../model/forwarding.ts'
import type { Protocol, Sample } from '../model/load.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { ForwardedRoutes } from './forwarding.ts'
import { planFor, population } from './testdata/plans.ts'
import { play, startDriver, type DriverAccount } from './testdata/run-driver.ts'
import { until } from '../testing/turns.ts'

const CONNECT_TIMEOUT_MS = 3000

const tableOf = (ports: number[]): ForwardingTable => ({
  node: 'node-1',
  version: 1,
  atUs: 0,
  roundTripMs: 0,
  rejectAnswers: { intervalMs: 1000, burst: 2 },
  services: [
    {
      service: 'default/web:8080',
      clusterIP: '127.1.200.1',
      endpoints: ports.map(port => ({ address: '127.0.0.1', port, pod: `web-${port}` })),
      fallback: false,
    },
  ],
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Ten requests a second for a second; what comes into the table comes `afterMs` after the start. */
async function drive(ports: number[], afterMs: number, protocol: Protocol): Promise<DriverAccount> {
  const clock = new FakeClock()
  const routes = new ForwardedRoutes('default/web:8080', { random: seededRandom(1), clock, drivers: 1 })
  routes.adopt(tableOf([]))
  const profile = population({ ratePerSecond: 10, postShare: 0, streamShare: 0, protocol })
  const plan = planFor(1, [profile], { maxDurationMs: 995, probes: false, limitMs: CONNECT_TIMEOUT_MS })
  const { ended } = startDriver(plan, { clock, routes })
  let account: DriverAccount | null = null
  void ended.then(whole => (account = whole))
  await play(clock, afterMs, 5)
  routes.adopt(tableOf(ports))
  await play(clock, 6000 - afterMs, 5)
  await until(() => account !== null)
  return ended
}

const told = (sample: Sample): string => {
  const { outcome, connection, endedUs, sentUs } = sample
  const how = outcome.kind === 'failed' ? `${outcome.phase} ${outcome.code}` : outcome.kind
  const where = connection === null ? 'nowhere' : `${connection.remoteAddress}:${connection.remotePort}`
  const sinceSentMs = (atUs: number | null): number =>
    Math.floor(((atUs ?? 0) - (sentUs ?? 0)) / 100_000) * 100
  const syn = connection === null ? '' : `, last SYN after ${sinceSentMs(connection.openedUs)} ms`
  return `${how} at ${where} after ${sinceSentMs(endedUs)} ms${syn}`
}

const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text)

test('two connects are refused, then one a second; the others time out, though their SYN is sent again', async () => {
  const { samples, totals } = await drive([], 6000, 'http/1.1')
  expect(totals).toMatchObject({ scheduled: 10, sent: 10, failed: 10 })
  // The two that are saved go to the first two requests; the next is there when the third asks for the second time.
  expect(samples.sort((a, b) => a.seq - b.seq).map(told)).toEqual([
    ...times(2, 'connect refused at nowhere after 0 ms'),
    'connect refused at 127.1.200.1:8080 after 1000 ms, last SYN after 1000 ms',
    'connect refused at 127.1.200.1:8080 after 2000 ms, last SYN after 2000 ms',
    ...times(6, 'connect timed-out at 127.1.200.1:8080 after 3000 ms, last SYN after 2000 ms'),
  ])
})

test.each<[Protocol, () => Server]>([
  ['http/1.1', () => http.createServer((_, response) => void response.end('ok'))],
  ['http/2', () => http2.createServer((_, response) => void response.end('ok'))],
])('over %s, a SYN that is sent again is led to the pod that is ready by then', async (protocol, create) => {
  const server = create()
  const port = await listen(server)
  const { samples, totals } = await drive([port], 1550, protocol)
  server.close()
  expect(totals).toMatchObject({ scheduled: 10, sent: 10, succeeded: 7, failed: 3 })
  const pod = `127.0.0.1:${port}`
  expect(samples.sort((a, b) => a.seq - b.seq).map(told)).toEqual([
    ...times(2, 'connect refused at nowhere after 0 ms'),
    'connect refused at 127.1.200.1:8080 after 1000 ms, last SYN after 1000 ms',
    ...times(3, `succeeded at ${pod} after 2000 ms, last SYN after 2000 ms`),
    ...times(4, `succeeded at ${pod} after 1000 ms, last SYN after 1000 ms`),
  ])
})
