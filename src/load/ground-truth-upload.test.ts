/** A body too big for the kernel's buffers, and a server that does not want it. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { failureName } from '../model/failure-name.ts'
import { planFor, population } from './testdata/plans.ts'
import { runDriver, type DriverAccount } from './testdata/run-driver.ts'

async function upload(strike: (socket: Socket) => void): Promise<(string | null)[]> {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => {
      sockets.push(socket)
      socket.pause()
      strike(socket)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const request = { method: 'POST', path: '/', headers: [], body: 'x'.repeat(8 * 1024 * 1024) }
  const plan = planFor(port, [population({ ratePerSecond: 100 })], { maxDurationMs: 95, request })
  const { samples, totals }: DriverAccount = await runDriver(plan)
  const closed = new Promise(resolve => server.close(resolve))
  expect(sockets).toHaveLength(10)
  // A socket that does not read does not see the driver's end either.
  for (const socket of sockets) socket.destroy()
  await closed
  expect(totals).toMatchObject({ scheduled: 10, sent: 10, failed: 10 })
  return samples.map(({ outcome, firstByteUs }) =>
    failureName(outcome, { answered: firstByteUs !== null, uploading: true }),
  )
}

const refusal = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy'

test.each<[string, (socket: Socket) => void, string]>([
  ['an early answer that is whole, though a reset follows', answerAndReset, 'http.5xx'],
  ['a reset in the middle of it', socket => socket.resetAndDestroy(), 'reset.mid-request'],
  ['a close in the middle of it', socket => socket.end(), 'closed.mid-request'],
])('of a big request, %s is counted once, by its name', async (_, strike, name) => {
  expect(await upload(strike)).toEqual(Array<string>(10).fill(name))
})

function answerAndReset(socket: Socket): void {
  socket.write(refusal, () => setImmediate(() => setImmediate(() => socket.resetAndDestroy())))
}
