/** The watch against a scripted API server that breaks off, expires and ends as told. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { connectKube, type KubeClient } from './client.ts'
import type { KubeObject } from './types.ts'
import { watchCollection } from './watch.ts'

type Script = (query: URLSearchParams, response: http.ServerResponse) => void

let close: () => void = () => undefined
afterEach(() => close())

async function scripted(script: Script): Promise<KubeClient> {
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    script(new URL(request.url ?? '/', 'http://server').searchParams, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const user = { name: 'u', user: { token: 't' } }
  const cluster = {
    name: 'c',
    cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
  }
  const context = { name: 'x', context: { cluster: 'c', user: 'u' } }
  const config = { clusters: [cluster], users: [user], contexts: [context], 'current-context': 'x' }
  const client = await connectKube(JSON.stringify(config))
  close = () => {
    client.close()
    server.closeAllConnections()
    server.close()
  }
  return client
}

const pod = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, uid: name, resourceVersion },
})
const list = (resourceVersion: string, ...items: KubeObject[]): string =>
  JSON.stringify({ kind: 'PodList', metadata: { resourceVersion }, items })
const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`

/** What the watch told, in order, until `count` things were told. */
async function told(
  client: KubeClient,
  count: number,
  gaps: { fromUs: number; toUs: number; why: string }[] = [],
  stop = new AbortController(),
): Promise<string[]> {
  const things: string[] = []
  const note = (thing: string): void => {
    things.push(thing)
    if (things.length === count) stop.abort()
  }
  await watchCollection({
    client,
    clock: systemClock,
    signal: stop.signal,
    path: '/api/v1/pods',
    query: '',
    onChange: (object, previous) =>
      note(
        object === null
          ? `gone ${previous?.metadata.name ?? '?'}`
          : `${object.metadata.name}@${object.metadata.resourceVersion ?? ''}`,
      ),
    onSynced: () => note('synced'),
    onGap: (fromUs, why) => {
      gaps.push({ fromUs, toUs: systemClock.nowUs(), why })
      note('gap')
    },
  })
  return things
}

describe('a watch', () => {
  it('lists, then follows, and resumes a stream that ended cleanly without a gap', async () => {
    const since: (string | null)[] = []
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) response.end(list('5', pod('a', '3')))
      else {
        since.push(query.get('resourceVersion'))
        response.end(since.length === 1 ? line('MODIFIED', pod('a', '6')) : line('DELETED', pod('a', '7')))
      }
    })
    expect(await told(client, 4)).toEqual(['a@3', 'synced', 'a@6', 'gone a'])
    expect(since).toEqual(['5', '6'])
  })

  it('tells a gap when the stream breaks off, goes on from where it was, and repeats nothing', async () => {
    let watches = 0
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) response.end(list('5'))
      else if (++watches === 1) {
        response.write(line('ADDED', pod('a', '6')))
        setTimeout(() => response.destroy(), 20)
      } else response.write(line('ADDED', pod('a', '6')) + line('ADDED', pod('b', '7')))
    })
    expect(await told(client, 4)).toEqual(['synced', 'a@6', 'gap', 'b@7'])
  })

  it('lists again after 410, and tells a gap and what vanished meanwhile', async () => {
    let lists = 0
    const client = await scripted((query, response) => {
      if (query.get('watch') === null)
        response.end(++lists === 1 ? list('5', pod('a', '3')) : list('90', pod('b', '80')))
      else response.end(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' }))
    })
    expect(await told(client, 5)).toEqual(['a@3', 'synced', 'gone a', 'b@80', 'gap'])
  })

  it('remembers bookmarks', async () => {
    const since: (string | null)[] = []
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) response.end(list('5'))
      else {
        since.push(query.get('resourceVersion'))
        response.end(since.length === 1 ? line('BOOKMARK', pod('', '50')) : line('ADDED', pod('a', '51')))
      }
    })
    expect(await told(client, 2)).toEqual(['synced', 'a@51'])
    expect(since).toEqual(['5', '50'])
  })

  it('tells one gap, from what it saw last until it sees again, however often it is refused meanwhile', async () => {
    let watches = 0
    let brokeUs = 0
    let backUs = 0
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) return void response.end(list('5'))
      watches += 1
      if (watches === 1) {
        response.write(line('ADDED', pod('a', '6')))
        setTimeout(() => {
          brokeUs = systemClock.nowUs()
          response.destroy()
        }, 20)
      } else if (watches < 4) response.destroy()
      else if (watches === 4) response.writeHead(503).end('{}')
      else {
        backUs = systemClock.nowUs()
        response.write(line('ADDED', pod('b', '7')))
      }
    })
    const gaps: { fromUs: number; toUs: number; why: string }[] = []
    expect(await told(client, 4, gaps)).toEqual(['synced', 'a@6', 'gap', 'b@7'])
    expect(gaps).toHaveLength(1)
    expect(gaps[0]?.fromUs).toBeLessThanOrEqual(brokeUs)
    expect(gaps[0]?.toUs).toBeGreaterThanOrEqual(backUs)
  })

  it('tells the gap it is in when it is ended', async () => {
    const stop = new AbortController()
    let watches = 0
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) return void response.end(list('5'))
      watches += 1
      if (watches === 3) stop.abort()
      response.destroy()
    })
    expect(await told(client, 9, [], stop)).toEqual(['synced', 'gap'])
  })

  it('does not ask a server that ends every stream at once as fast as it can', async () => {
    const stop = new AbortController()
    let watches = 0
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) return void response.end(list('5'))
      watches += 1
      response.end()
    })
    setTimeout(() => stop.abort(), 1500)
    const things = await told(client, 99, [], stop)
    expect(things.slice(0, 2)).toEqual(['synced', 'gap'])
    expect(watches).toBeLessThan(12)
  })

  it('notices a stream that stands still while the collection changes, and sees what it missed', async () => {
    let lists = 0
    let watches = 0
    const client = await scripted((query, response) => {
      if (query.get('watch') === null) {
        response.end(++lists === 1 ? list('5', pod('a', '3')) : list('9', pod('a', '8')))
      } else if (++watches === 1) response.flushHeaders()
      else response.write(line('MODIFIED', pod('a', '8')))
    })
    const gaps: { fromUs: number; toUs: number; why: string }[] = []
    expect(await told(client, 4, gaps)).toEqual(['a@3', 'synced', 'gap', 'a@8'])
    expect(gaps[0]?.why).toMatch(/nothing of what had changed/)
  })

  it('takes a quiet collection for quiet, also when something is made while it looks', async () => {
    let lists = 0
    let watching: http.ServerResponse | null = null
    const client = await scripted((query, response) => {
      if (query.get('watch') !== null) {
        watching = response
        response.flushHeaders()
        return
      }
      lists += 1
      response.end(list('5', pod('a', '3')))
      // The list is old by the time it is read.
      if (lists === 2) watching?.write(line('ADDED', pod('b', '6')))
      if (lists === 3) watching?.write(line('DELETED', pod('b', '7')))
    })
    expect(await told(client, 4)).toEqual(['a@3', 'synced', 'b@6', 'gone b'])
  })
})
