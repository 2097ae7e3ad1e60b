/** A log that breaks off, against a scripted API server. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { connectKube } from '../kube/client.ts'
import type { LedgerEntry, Transition } from '../model/transition.ts'
import { observePodLogs } from './pod-logs.ts'

let close: () => void = () => undefined
afterEach(() => close())

const running = { running: {} }
const terminated = { terminated: { exitCode: 0, reason: 'Completed' } }
const pod = (state: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', uid: 'u1', resourceVersion: '3' },
  spec: { containers: [] },
  status: { containerStatuses: [{ name: 'web', restartCount: 0, state }] },
})
const entry = (request: number): string => `rollproof answered 00000000-${request} ${request}\n`

interface Late {
  /** What the watch tells, a moment after the list. */
  events: object[]
  /** Aborted a moment after that. */
  due?: AbortController
  /** Of each request for the log: which it asked for. */
  asked: string[]
}

/** What came of a pod's log whose connections go as told; `now` is how the pod looks when it is asked for. */
async function observed(
  connections: ((response: http.ServerResponse) => void)[],
  now: (response: http.ServerResponse) => void,
  late: Late | null = null,
): Promise<{ requests: string[]; gaps: string[] }> {
  const rest = [...connections]
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
    if (pathname.endsWith('/log')) {
      late?.asked.push(searchParams.get('previous') === null ? 'present' : 'previous')
      return (rest.shift() ?? (each => each.writeHead(404).end('{}')))(response)
    }
    if (pathname.endsWith('/web-1')) return now(response)
    if (searchParams.get('watch') !== null) {
      response.flushHeaders()
      setTimeout(() => {
        for (const object of late?.events ?? [])
          response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
        setTimeout(() => late?.due?.abort(), 50)
      }, 50)
      return
    }
    response.end(JSON.stringify({ metadata: { resourceVersion: '5' }, items: [pod(running)] }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = await connectKube(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  const stop = new AbortController()
  close = () => {
    stop.abort()
    client.close()
    server.closeAllConnections()
    server.close()
  }
  const requests: string[] = []
  const gaps: string[] = []
  await new Promise<void>(resolve => {
    const finish = (): void => {
      if (requests.at(-1)?.endsWith('-9') === true || gaps.length > 0) resolve()
    }
    void observePodLogs({
      client,
      clock: systemClock,
      signal: stop.signal,
      namespace: 'default',
      podLabels: { app: 'web' },
      workloads: [],
      service: 'web',
      forwardingService: '',
      record: (transition: Transition) => {
        if (transition.kind === 'watch-gap') gaps.push(transition.why)
        finish()
      },
      recordLedger: ({ request }: LedgerEntry) => {
        requests.push(request)
        finish()
      },
      logsDue: late === null ? AbortSignal.abort() : (late.due ?? new AbortController()).signal,
    })
  })
  return { requests, gaps }
}

const breaksOff = (text: string) => (response: http.ServerResponse) => {
  response.write(text)
  setTimeout(() => response.destroy(), 20)
}
const ends = (text: string) => (response: http.ServerResponse) => response.end(text)
const looks = (state: object) => ends(JSON.stringify(pod(state)))

describe('the log of a pod', () => {
  it('that breaks off is read on from where it was: nothing is missing, nothing twice', async () => {
    const half = entry(2).slice(0, 9)
    const connections = [breaksOff(entry(1) + half), ends(entry(1) + entry(2) + entry(9))]
    expect(await observed(connections, looks(terminated))).toEqual({
      requests: ['00000000-1', '00000000-2', '00000000-9'],
      gaps: [],
    })
  })

  it('that a server ends in good order while the container runs is read on', async () => {
    const connections = [ends(entry(1)), ends(entry(1) + entry(9))]
    expect(await observed(connections, looks(running))).toEqual({
      requests: ['00000000-1', '00000000-9'],
      gaps: [],
    })
  })

  it('that ended, and whose pod is gone before its status told, is whole', async () => {
    const connections = [ends(entry(1) + entry(9))]
    let seenGone = (): void => undefined
    const gone = new Promise<void>(resolve => (seenGone = resolve))
    let looked = 0
    const { requests, gaps } = await observed(connections, response => {
      looked += 1
      if (looked === 1) {
        looks(running)(response)
        return
      }
      response.writeHead(404).end('{}')
      response.once('close', seenGone)
    })
    await gone
    // A gap would be told when the answer has been read, or else when the recording closes.
    close()
    expect({ requests, gaps }).toEqual({ requests: ['00000000-1', '00000000-9'], gaps: [] })
  })

  it('that broke off, and whose pod is gone, has a gap', async () => {
    const gone = (response: http.ServerResponse): void => void response.writeHead(404).end('{}')
    const { requests, gaps } = await observed([breaksOff(entry(1))], gone)
    expect(requests).toEqual(['00000000-1'])
    expect(gaps).toEqual([expect.stringMatching(/^log of web-1: /)])
  })
})

describe('a log that is read late', () => {
  const changed = (change: object, restartCount = 0, state: object = running): object => {
    const base = pod(state) as { metadata: object; status: { containerStatuses: object[] } }
    const [status] = base.status.containerStatuses
    return {
      ...base,
      metadata: { ...base.metadata, resourceVersion: '4', ...change },
      status: { containerStatuses: [{ ...status, restartCount }] },
    }
  }

  it('stays unread until its pod is to go', async () => {
    const late: Late = {
      events: [changed({}), changed({ deletionTimestamp: '2026-01-02T03:04:05Z', resourceVersion: '5' })],
      asked: [],
    }
    const connections = [ends(entry(1) + entry(9))]
    expect(await observed(connections, looks(terminated), late)).toEqual({
      requests: ['00000000-1', '00000000-9'],
      gaps: [],
    })
    expect(late.asked).toEqual(['present'])
  })

  it('is read when the load has ended', async () => {
    const late: Late = { events: [], due: new AbortController(), asked: [] }
    expect(await observed([ends(entry(9))], looks(running), late)).toEqual({
      requests: ['00000000-9'],
      gaps: [],
    })
    expect(late.asked[0]).toBe('present')
  })

  it('of a container that was started anew is the one before', async () => {
    const late: Late = { events: [changed({}, 1)], asked: [] }
    expect(await observed([ends(entry(9))], looks(running), late)).toEqual({
      requests: ['00000000-9'],
      gaps: [],
    })
    expect(late.asked).toEqual(['previous'])
  })

  it('of a container that was started anew twice is not there any more: a gap', async () => {
    const late: Late = { events: [changed({}, 2)], asked: [] }
    const { requests, gaps } = await observed([], looks(running), late)
    expect(requests).toEqual([])
    expect(gaps).toEqual([expect.stringMatching(/^log of web-1: not read yet/)])
    expect(late.asked).toEqual([])
  })
})
