import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import type { TlsTarget } from '../model/load.ts'
import { certificate, privateKey } from './testdata/certificate.ts'
import { tlsContext } from './tls-context.ts'

it('is made once for each target', () => {
  const target: TlsTarget = { servername: 'web.default', verify: true }
  expect(tlsContext(target)).toBe(tlsContext(target))
  expect(tlsContext({ ...target })).not.toBe(tlsContext(target))
})

it('trusts what the target says, and holds no session', async () => {
  const reused: boolean[] = []
  const server = createServer({ cert: certificate, key: privateKey }, socket => {
    reused.push(socket.isSessionReused())
    socket.end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dial = async (target: TlsTarget): Promise<string | null> => {
    const { servername, verify } = target
    const options = { host: '127.0.0.1', port, servername, rejectUnauthorized: verify }
    const socket: TLSSocket = connect({ ...options, secureContext: tlsContext(target) })
    const refused = once(socket.resume(), 'error').then(([error]) => (error as NodeJS.ErrnoException).code)
    return (await Promise.race([refused, once(socket, 'end').then(() => null)])) ?? null
  }
  const vouched: TlsTarget = { servername: 'web.default', verify: true, ca: certificate }
  expect(await dial(vouched)).toBeNull()
  expect(await dial(vouched)).toBeNull()
  expect(await dial({ servername: 'web.default', verify: false })).toBeNull()
  expect(await dial({ servername: 'web.default', verify: true })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
  expect(reused).not.toContain(true)
  await new Promise(resolve => server.close(resolve))
})
