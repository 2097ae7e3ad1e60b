/** Every fault that a server of HTTP/2 can show is counted once, in its class, and nothing else is counted. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { present } from '../../base/assert.ts'
import { createLab, drive } from '../testdata/channel-lab.ts'
import { expectAsInjected, type Played, type Verdict } from '../testdata/ground-truth.ts'
import { Http2Channel } from './channel.ts'
import { PlainRequests } from './plain-requests.ts'
import { startFaultServer } from './testdata/fault-server.ts'
import { answer, faults } from './testdata/faults.ts'

const verdictOf = (name: string): Verdict => present(faults.get(name), name)[1]

/** The faults go to the requests in their order on the server; the samples are held against the server's account. */
async function play(
  script: (count: number) => string | null,
  requests: number,
  connections: number,
): Promise<Played> {
  const injected = new Map<string, string>()
  const server = await startFaultServer((request, account) => {
    const name = script(request.count)
    if (name === null) return answer(request, account)
    injected.set(request.id, name)
    present(faults.get(name), name)[0](request, account)
  })
  const lab = createLab()
  const protocol = new PlainRequests(lab.setting)
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const samples = await drive(lab, {
    requests,
    connections,
    open: id => new Http2Channel(id, route, lab.setting, protocol),
    hung: () => server.hung,
  })
  await server.close()
  return { samples, injected, received: server.received.map(({ id }) => id) }
}

for (const connections of [0, 4])
  test.each([...faults.keys()])(
    `${connections === 0 ? 'on fresh' : 'on reused'} connections: %s`,
    async name => {
      const played = await play(count => (count % 8 === 0 ? name : null), 64, connections)
      expectAsInjected(played, verdictOf)
      expect(played.injected.size).toBe(8)
    },
  )

test('any mixture of them comes out as it went in', async () => {
  const script = fc.array(fc.option(fc.constantFrom(...faults.keys()), { freq: 2 }), {
    minLength: 10,
    maxLength: 80,
  })
  await fc.assert(
    fc.asyncProperty(script, fc.constantFrom(0, 1, 5), async (names, connections) => {
      expectAsInjected(await play(count => names[count - 1] ?? null, names.length, connections), verdictOf)
    }),
    { numRuns: 40 },
  )
})
