import http2 from 'node:http2'
import { createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtocolBreach } from './codes.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { frameOf } from './testdata/fault-server.ts'
import { onFrames } from './testdata/client-frames.ts'

type Fields = [name: string, value: string][]

function decode(decoder: HpackDecoder, block: Buffer): Fields {
  const fields: Fields = []
  decoder.decode(block, 0, block.length, { take: (name, value) => void fields.push([name, value]) })
  return fields
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

const request = (path: string, scheme: string): Fields => [
  [':method', 'GET'],
  [':scheme', scheme],
  [':path', path],
  [':authority', 'www.example.com'],
]

test('the requests of RFC 7541, C.4, with Huffman and a table that grows', () => {
  const decoder = new HpackDecoder()
  expect(decode(decoder, hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual(request('/', 'http'))
  expect(decode(decoder, hex('8286 84be 5886 a8eb 1064 9cbf'))).toEqual([
    ...request('/', 'http'),
    ['cache-control', 'no-cache'],
  ])
  expect(decode(decoder, hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual([
    ...request('/index.html', 'https'),
    ['custom-key', 'custom-value'],
  ])
})

test('the answers of RFC 7541, C.6, in a table of 256 bytes: what is pushed out is gone', () => {
  const decoder = new HpackDecoder()
  const answer = (status: string, date: string): Fields => [
    [':status', status],
    ['cache-control', 'private'],
    ['date', date],
    ['location', 'https://www.example.com'],
  ]
  const first =
    '3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d' +
    '29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3'
  expect(decode(decoder, hex(first))).toEqual(answer('302', 'Mon, 21 Oct 2013 20:13:21 GMT'))
  expect(decode(decoder, hex('4883 640e ffc1 c0bf'))).toEqual(answer('307', 'Mon, 21 Oct 2013 20:13:21 GMT'))
  const third =
    '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7' +
    'b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07'
  const [status, cache, date, location] = answer('200', 'Mon, 21 Oct 2013 20:13:22 GMT')
  expect(decode(decoder, hex(third))).toEqual([
    status,
    cache,
    date,
    location,
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ])
})

test.each([
  ['an index of 0', '80'],
  ['an index beyond the tables', 'be'],
  ['a number without an end', 'ffffffffffff'],
  ['a number that is cut', 'ff80'],
  ['a string that is cut', '000361'],
  ['a value that is missing', '000161'],
  ['a table larger than allowed', '3fe2 1f'],
  ['a table size after a field', '8220'],
  ['the end of the string in a string', '0084 ffff ffff 00'],
  ['padding of eight bits', '0082 1fff 00'],
  ['padding of zeroes', '0081 18 00'],
])('%s is a breach', (_name, block) => {
  expect(() => decode(new HpackDecoder(), hex(block))).toThrow(ProtocolBreach)
})

test('once our setting is acknowledged, no table may be larger', () => {
  const decoder = new HpackDecoder()
  expect(decode(decoder, hex('4001 6101 62 be'))).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ])
  decoder.allow(0)
  // An encoder that has not looked up yet goes on as before.
  expect(decode(decoder, hex('be'))).toEqual([['a', 'b']])
  expect(() => decode(decoder, hex('21'))).toThrow(ProtocolBreach)
  expect(decode(decoder, hex('20 4001 6101 62'))).toEqual([['a', 'b']])
  expect(() => decode(decoder, hex('be'))).toThrow(ProtocolBreach)
})

test('a short block that stands for a very long list is a breach, and takes no memory', () => {
  const entry = Buffer.concat([hex('4001 61 7f f1 1e'), Buffer.alloc(4000, 0x62)])
  const bomb = Buffer.concat([hex('4001 61 7f a1 1e'), entry.subarray(6), Buffer.alloc(60_000, 0xbe)])
  expect(() => decode(new HpackDecoder(), bomb)).toThrow(ProtocolBreach)
})

test('whatever the bytes are, they are fields or a breach', () => {
  const blocks = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 4 })
  fc.assert(
    fc.property(blocks, all => {
      const decoder = new HpackDecoder()
      try {
        for (const block of all) decode(decoder, Buffer.from(block))
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolBreach)
      }
    }),
    { numRuns: 5000 },
  )
})

/** Node's own client sends what it is told to; what we read out of its blocks is compared. */
async function blocksOfNode(requests: Fields[]): Promise<Fields[]> {
  const decoder = new HpackDecoder()
  const seen: Fields[] = []
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.write(frameOf(4, 0, 0))
    onFrames(socket, ({ type, flags, streamId, payload }) => {
      const priority = (flags & 32) !== 0 ? 5 : 0
      if (type === 1) {
        seen.push(decode(decoder, payload.subarray(priority)))
        socket.write(frameOf(1, 5, streamId, Buffer.from([0x88])))
      } else if (type === 4 && flags === 0) socket.write(frameOf(4, 1, 0))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  for (const fields of requests)
    await new Promise(resolve => client.request(Object.fromEntries(fields)).resume().on('end', resolve))
  client.destroy()
  await new Promise(resolve => server.close(resolve))
  return seen
}

test('what another implementation encodes, with its table and its Huffman, is read as it was meant', async () => {
  const name = fc.stringMatching(/^x-[a-z0-9-]{1,20}$/)
  const value = fc.stringMatching(/^[!-~]([ -~]{0,60}[!-~])?$/)
  const fields = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 12 }), async requests => {
      const seen = await blocksOfNode([...requests, ...requests])
      const extra = seen.map(each => each.filter(([key]) => key.startsWith('x-')))
      expect(extra).toEqual([...requests, ...requests])
    }),
    { numRuns: 40 },
  )
})
