/** What another user of the machine can get from a cluster, and what stays of it when its processes are killed. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { childrenOf } from '../testing/processes.ts'
import { ClusterProgram } from './testing/cluster-program.ts'

let cluster: ClusterProgram
afterEach(() => cluster.close())

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const file = join(folder, entry.name)
    return entry.isDirectory() ? [file, ...filesBelow(file)] : [file]
  })
}

/** The addresses on which processes of ours listen for TCP, as the kernel tells them. */
function listenAddresses(pids: readonly number[]): string[] {
  const inodes = new Set(
    pids.flatMap(pid =>
      unlessGone(() => readdirSync(`/proc/${pid}/fd`)).flatMap(fd =>
        unlessGone(() => socketInodes(`/proc/${pid}/fd/${fd}`)),
      ),
    ),
  )
  const lines = ['tcp', 'tcp6'].flatMap(file =>
    readFileSync(`/proc/net/${file}`, 'utf8').trim().split('\n').slice(1),
  )
  return lines
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
    .map(fields => (fields[1] ?? '').split(':')[0] ?? '')
}

/** A process, or a file it had open, may be gone by now. */
function unlessGone(read: () => string[]): string[] {
  try {
    return read()
  } catch {
    return []
  }
}

function socketInodes(link: string): string[] {
  const found = /socket:\[(\d+)\]/.exec(readlinkSync(link))
  return found?.[1] === undefined ? [] : [found[1]]
}

/** The status of a request, or what became of its connection. */
function ask(path: string, headers: Record<string, string>): Promise<number | string> {
  return new Promise(resolve => {
    const asked = request(cluster.ready.url + path, { headers }, response => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('upgrade', () => resolve('upgraded'))
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    asked.end()
  })
}

describe('a stranger', () => {
  test('gets 401 without the token for all but constants, also for an upgrade, and 421 by a name that is not local', async () => {
    cluster = await ClusterProgram.start()
    const paths = [
      '/api/v1/namespaces',
      '/apis/apps/v1/deployments',
      '/api/v1/namespaces/default/pods/a/log',
      '/rollproof/v1/relays',
      '/rollproof/v1/facts',
      '/rollproof/v1/forwarding',
      '/rollproof/v1/containers',
    ]
    for (const path of paths) {
      expect(await ask(path, {})).toBe(401)
      expect(await ask(path, { Authorization: 'Bearer secre' })).toBe(401)
    }
    // The same on every cluster: what it serves, and which version it is. Not for who comes with a wrong token.
    for (const path of ['/api', '/version']) {
      expect(await ask(path, {})).toBe(200)
      expect(await ask(path, { Host: 'rebound.example' })).toBe(421)
      expect(await ask(path, { Authorization: 'Bearer secre' })).toBe(401)
    }
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'x',
      'Sec-WebSocket-Version': '13',
    }
    expect(await ask('/api/v1/namespaces/default/pods/a/exec?command=id', upgrade)).toBe(401)
    const right = { Authorization: 'Bearer secret' }
    expect(await ask('/version', { ...right, Host: 'localhost:1' })).toBe(200)
    expect(await ask('/version', { ...right, Host: '[::1]:1' })).toBe(200)
    for (const Host of ['rebound.example', 'rebound.example:80', '127.0.0.1.rebound.example'])
      expect(await ask('/version', { ...right, Host })).toBe(421)
  })

  test('who sends a head without end, or one that is too long, is cut off', async () => {
    cluster = await ClusterProgram.start()
    const { hostname, port } = new URL(cluster.ready.url)
    const ended = await new Promise<string>(resolve => {
      const socket = connect(Number(port), hostname, () => {
        socket.write('GET /api HTTP/1.1\r\nHost: localhost\r\nX: ')
        socket.write('x'.repeat(1_000_000))
      })
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      socket.on('end', () => resolve('FIN'))
      socket.resume()
    })
    expect(['FIN', 'ECONNRESET', 'EPIPE']).toContain(ended)
  })

  test.skipIf(process.platform !== 'linux')(
    'finds no file of it that is open to others, and no port that is not on loopback',
    async () => {
      cluster = await ClusterProgram.start()
      await cluster.deploy(1)
      const open = [cluster.directory, ...filesBelow(cluster.directory)].filter(
        file => (lstatSync(file).mode & 0o077) !== 0,
      )
      expect(open).toEqual([])
      const own = Number(cluster.process.pid)
      const addresses = listenAddresses([own, ...childrenOf(own)])
      expect(addresses.length).toBeGreaterThan(2)
      // Little-endian: the last byte is the first of the address.
      expect(addresses.filter(address => !/^[0-9A-F]{6}7F$/.test(address))).toEqual([])
    },
  )
})

test('a Service cannot have an address that is not the cluster’s own', async () => {
  cluster = await ClusterProgram.start()
  const service = (clusterIP: string): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'wide-open' },
    spec: { clusterIP, selector: { app: 'web' }, ports: [{ port: 8080 }] },
  })
  for (const clusterIP of ['0.0.0.0', '127.0.0.1', '::', '192.0.2.1'])
    await expect(
      cluster.request('POST', '/api/v1/namespaces/default/services', service(clusterIP)),
    ).rejects.toThrow('422')
})
