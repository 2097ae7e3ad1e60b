import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Deployment, KubeObject, Status, WatchLine } from '../../kube/types.ts'
import type { ForwardingTable } from '../../model/forwarding.ts'
import { LogTimes } from '../log-times.ts'
import { budget, deployment, node, pod, runningPod } from './testing/objects.ts'
import type { RunningServer, TestRequest } from './testing/running-server.ts'
import { linesOf, runServer, take } from './testing/running-server.ts'

let server: RunningServer
beforeEach(async () => {
  server = await runServer()
})
afterEach(() => server.close())

const pods = '/api/v1/namespaces/default/pods'
const deployments = '/apis/apps/v1/namespaces/default/deployments'

async function read<T>(path: string, init?: TestRequest): Promise<{ code: number; body: T }> {
  const response = await server.request(path, init)
  return { code: response.status, body: (await response.json()) as T }
}

function sending(method: string, body: unknown, contentType = 'application/json'): TestRequest {
  return { method, body: JSON.stringify(body), headers: { 'Content-Type': contentType } }
}

describe('the door', () => {
  it('asks for the token, in the header or in the path', async () => {
    const answer = await fetch(server.url + pods)
    expect([answer.status, ((await answer.json()) as Status).reason]).toEqual([401, 'Unauthorized'])
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect((await fetch(`${server.url}/token/secret${pods}`)).status).toBe(200)
    expect((await fetch(`${server.url}/token/secret/token/secret${pods}`)).status).toBe(200)
    expect((await fetch(`${server.url}/token/wrong${pods}`)).status).toBe(401)
    expect((await fetch(`${server.url}/token/wrong/token/secret${pods}`)).status).toBe(401)
  })

  it.each([
    '/',
    '/version',
    '/healthz',
    '/livez/ping',
    '/readyz?verbose',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/apis/apps/v1',
  ])('tells strangers %s, which is the same for everybody', async path => {
    const stranger = await fetch(server.url + path)
    const known = await server.request(path)
    expect([stranger.status, await stranger.text()]).toEqual([200, await known.text()])
  })

  it('believes no wrong token, changes nothing for strangers, and tells kubectl what to do', async () => {
    const wrong = { headers: { Authorization: 'Bearer wrong' } }
    expect((await fetch(`${server.url}/version`, wrong)).status).toBe(401)
    expect((await fetch(`${server.url}/version`, { method: 'POST' })).status).toBe(401)
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401)
    const kubectl = await fetch(server.url + pods, { headers: { 'User-Agent': 'kubectl/v1.34.4 (linux)' } })
    expect([kubectl.status, ((await kubectl.json()) as Status).message]).toEqual([
      401,
      "Unauthorized: before 1.34, --raw leaves out the path in the server's URL, where the token stands; " +
        `write --raw '/token/<token>${pods}'`,
    ])
  })

  it('answers health checks in the words of a real server', async () => {
    expect(await (await fetch(`${server.url}/healthz`)).text()).toBe('ok')
    expect(await (await fetch(`${server.url}/readyz?verbose`)).text()).toBe(
      '[+]ping ok\nreadyz check passed\n',
    )
  })

  it.each([
    ['GET', '/api/v1/namespaces/default/unicorns', 404],
    ['GET', '/apis/apps/v2/deployments', 404],
    ['GET', '/api/v1/namespaces/default/pods/%zz', 404],
    ['POST', '/api/v1/pods', 405],
    ['GET', '/api/v1/namespaces/default/pods/a/eviction', 405],
    ['GET', `${pods}?labelSelector=a%20like%20b`, 400],
    ['GET', `${pods}?fieldSelector=spec.colour%3Dred`, 400],
    ['GET', `${pods}?watch=true&resourceVersion=new`, 500],
  ])('answers %s %s with a Status of %i', async (method, path, code) => {
    expect(await read<Status>(path, { method })).toMatchObject({
      code,
      body: { kind: 'Status', status: 'Failure', code },
    })
  })

  it.each(['/nowhere', '/openapi/v4', '/apis/nobody.example/v1', '/apis/nobody.example/v1/a'])(
    'answers %s with a plain 404',
    async path => {
      const response = await server.request(path)
      expect([response.status, response.headers.get('Content-Type'), await response.text()]).toEqual([
        404,
        'text/plain; charset=utf-8',
        '404 page not found\n',
      ])
    },
  )

  it('answers bodies that it cannot take with 400, 413, 415', async () => {
    const post = (body: string, type: string): Promise<Response> =>
      server.request(pods, { method: 'POST', body, headers: { 'Content-Type': type } })
    expect((await post('{"kind":', 'application/json')).status).toBe(400)
    expect((await post('[]', 'application/json')).status).toBe(400)
    expect((await post(`"${'x'.repeat(4 * 1024 * 1024)}"`, 'application/json')).status).toBe(413)
    expect((await post('k8s', 'application/vnd.kubernetes.protobuf')).status).toBe(400)
    expect((await post('{}', 'text/plain')).status).toBe(415)
    expect((await server.request(`${pods}/a`, { method: 'PATCH', body: '{}' })).status).toBe(415)
    expect(
      (
        await post(
          'kind: Pod\nmetadata: {name: y}\nspec: {containers: [{name: c, image: i}]}',
          'application/yaml',
        )
      ).status,
    ).toBe(201)
  })

  it('survives a client that breaks off in the middle of a body or a watch', async () => {
    const { port } = new URL(server.url)
    await new Promise<void>(resolve => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST ${pods} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Length: 99\r\n\r\n{"a"`,
        )
        socket.resetAndDestroy()
        resolve()
      })
    })
    const watching = new AbortController()
    await server.request(`${pods}?watch=true`, { signal: watching.signal })
    watching.abort()
    server.registry.create('pods', pod('a'))
    expect((await server.request(pods)).status).toBe(200)
  })
})

describe('objects', () => {
  it('are created, read, patched and deleted', async () => {
    expect(await read<Deployment>(deployments, sending('POST', deployment()))).toMatchObject({
      code: 201,
      body: { kind: 'Deployment', spec: { replicas: 1 } },
    })
    const patch = sending('PATCH', { spec: { replicas: 3 } }, 'application/strategic-merge-patch+json')
    expect(await read<Deployment>(`${deployments}/web`, patch)).toMatchObject({
      body: { metadata: { generation: 2 } },
    })
    const scale = sending('PATCH', { spec: { replicas: 4 } }, 'application/merge-patch+json')
    expect(await read(`${deployments}/web/scale`, scale)).toMatchObject({
      body: { kind: 'Scale', spec: { replicas: 4 }, status: { selector: 'app=web' } },
    })
    const status = sending(
      'PATCH',
      { status: { replicas: 2 }, spec: { replicas: 9 } },
      'application/merge-patch+json',
    )
    expect(await read(`${deployments}/web/status`, status)).toMatchObject({
      body: { spec: { replicas: 4 }, status: { replicas: 2 } },
    })
    expect(await read<Status>(`${deployments}/web`, { method: 'DELETE' })).toMatchObject({
      code: 200,
      body: { kind: 'Status', status: 'Success', details: { name: 'web' } },
    })
    expect((await read<Status>(`${deployments}/web`)).body.message).toBe('deployments.apps "web" not found')
  })

  it('are listed by labels and fields', async () => {
    server.registry.create('pods', pod('a', { app: 'web', tier: 'front' }))
    server.registry.create('pods', pod('b', { app: 'web' }))
    server.registry.create('pods', pod('c', {}))
    server.registry.bind('default', 'b', 'node-1')
    const names = async (query: string): Promise<string[]> =>
      (await read<{ items: KubeObject[] }>(`${pods}?${query}`)).body.items.map(item => item.metadata.name)
    const by = (name: string, text: string): Promise<string[]> => names(`${name}=${encodeURIComponent(text)}`)
    expect(await by('labelSelector', 'app in (web, api),!tier')).toEqual(['b'])
    expect(await by('labelSelector', 'app=web,tier!=back')).toEqual(['a', 'b'])
    expect(await by('labelSelector', 'app notin (web)')).toEqual(['c'])
    expect(await by('fieldSelector', 'spec.nodeName=node-1')).toEqual(['b'])
    expect(await by('fieldSelector', 'spec.nodeName!=node-1,metadata.name!=c')).toEqual(['a'])
  })

  it('are shown as tables to those who ask for them', async () => {
    runningPod(server.registry, 'a')
    server.registry.delete('pods', 'default', 'a')
    const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
    const { body } = await read<{ kind: string; rows: { cells: unknown[] }[] }>(pods, { headers })
    expect(body.kind).toBe('Table')
    expect(body.rows[0]?.cells.slice(0, 4)).toEqual(['a', '0/1', 'Terminating', '0'])
  })

  it('answer 429 and its cause to an eviction that the budget forbids', async () => {
    runningPod(server.registry, 'a')
    budget(server.registry, 'b', { observedGeneration: 0 })
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'a', namespace: 'default' },
    }
    const refused = await server.request(`${pods}/a/eviction`, sending('POST', eviction))
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '10'])
    server.registry.delete('poddisruptionbudgets', 'default', 'b')
    budget(server.registry, 'b', {})
    const later = await server.request(`${pods}/a/eviction`, sending('POST', eviction))
    expect([later.status, later.headers.get('Retry-After')]).toEqual([429, null])
    expect(((await later.json()) as Status).details?.causes?.[0]?.reason).toBe('DisruptionBudget')
  })
})

describe('watches', () => {
  const watch = async (query: string): Promise<AsyncGenerator<WatchLine>> =>
    linesOf<WatchLine>(await server.request(`${pods}?watch=true&${query}`))
  const short = (lines: WatchLine[]): string[] =>
    lines.map(({ type, object }) => `${type} ${object.metadata.name}`)

  it('begin with what there is, or after a resourceVersion', async () => {
    const first = server.registry.create('pods', pod('a'))
    server.registry.create('pods', pod('b'))
    expect(short(await take(await watch(''), 2))).toEqual(['ADDED a', 'ADDED b'])
    const lines = await watch(`resourceVersion=${first.metadata.resourceVersion ?? ''}`)
    server.registry.delete('pods', 'default', 'a')
    expect(short(await take(lines, 3))).toEqual(['ADDED b', 'MODIFIED a', 'DELETED a'])
  })

  it('translate an object that begins or ceases to match into ADDED and DELETED', async () => {
    const created = server.registry.create('pods', pod('a', {}))
    const lines = await watch('labelSelector=app%3Dweb')
    const labelled = server.registry.update('pods', {
      ...created,
      metadata: { ...created.metadata, labels: { app: 'web' } },
    })
    const gone = server.registry.update('pods', {
      ...labelled,
      metadata: { ...labelled.metadata, labels: { app: 'x' } },
    })
    const seen = await take(lines, 2)
    expect(short(seen)).toEqual(['ADDED a', 'DELETED a'])
    expect(seen[1]?.object.metadata).toMatchObject({
      labels: { app: 'web' },
      resourceVersion: gone.metadata.resourceVersion,
    })
  })

  it('end at their time limit, with a bookmark for those who allow it', async () => {
    const lines = await watch('timeoutSeconds=1&allowWatchBookmarks=true')
    const all = await take(lines, 10)
    expect(all.map(line => line.type)).toEqual(['BOOKMARK'])
    expect(all[0]?.object.metadata.resourceVersion).toBe(String(server.registry.revision()))
  })

  it('mark the end of the initial objects when asked to', async () => {
    server.registry.create('pods', pod('a'))
    const lines = await watch(
      'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    )
    const [, mark] = await take(lines, 2)
    expect(mark).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
  })

  it('answer a forgotten resourceVersion with 200 and an ERROR of 410', async () => {
    await server.close()
    server = await runServer({ watchHistory: 10 })
    for (let turn = 0; turn < 30; turn++) server.registry.create('pods', pod(`p${turn}`))
    const [line] = await take(await watch('resourceVersion=5'), 2)
    expect(line).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  })

  it('do not keep the server from closing', async () => {
    const lines = await watch('')
    const ended = take(lines, 1).then(
      () => 'ended',
      () => 'ended',
    )
    await server.close()
    expect(await ended).toBe('ended')
  })
})

describe('logs', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollproof-log-'))
    server.registry.create('pods', pod('a'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('end with the container when followed, and may start at the last lines', async () => {
    const file = join(folder, 'log')
    writeFileSync(file, 'one\ntwo\nthree\n')
    let ended = false
    server.logs.set('a/app', { file, times: new LogTimes(file), ended: () => ended })
    expect(await (await server.request(`${pods}/a/log?tailLines=2`)).text()).toBe('two\nthree\n')
    const followed = await server.request(`${pods}/a/log?follow=true&tailLines=1&container=app`)
    appendFileSync(file, 'four\n')
    ended = true
    expect(await followed.text()).toBe('three\nfour\n')
  })

  it('end after as many bytes as were asked for, also when followed', async () => {
    const file = join(folder, 'log')
    writeFileSync(file, 'one\ntwo\n')
    server.logs.set('a/app', { file, times: new LogTimes(file), ended: () => false })
    expect(await (await server.request(`${pods}/a/log?limitBytes=5`)).text()).toBe('one\nt')
    expect(await (await server.request(`${pods}/a/log?limitBytes=100`)).text()).toBe('one\ntwo\n')
    expect(await (await server.request(`${pods}/a/log?limitBytes=2&tailLines=1&follow=true`)).text()).toBe(
      'tw',
    )
  })

  it('start at a time, and tell the times of lines, as far as they were noted', async () => {
    const file = join(folder, 'log')
    const times = new LogTimes(file)
    const write = (text: string, atSeconds: number): void => {
      appendFileSync(file, text)
      utimesSync(file, atSeconds, atSeconds)
      times.look()
    }
    server.logs.set('a/app', { file, times, ended: () => true })
    const text = async (query: string): Promise<string> =>
      (await server.request(`${pods}/a/log?${query}`)).text()
    const since = (seconds: number, more = ''): Promise<string> =>
      text(`sinceTime=${new Date(seconds * 1000).toISOString()}${more}`)
    write('one\ntw', 1000)
    write('o\nthree\n', 2000.25)
    write('four', 3000)
    expect([await since(999), await since(1000)]).toEqual(['one\ntwo\nthree\nfour', 'one\ntwo\nthree\nfour'])
    expect([await since(1001), await since(2001), await since(3001)]).toEqual(['three\nfour', 'four', ''])
    expect(await since(1001, '&tailLines=1')).toBe('four')
    expect(await since(2001, '&tailLines=3')).toBe('four')
    expect(await text('sinceSeconds=10')).toBe('')
    expect(await text('timestamps=true')).toBe(
      '1970-01-01T00:16:40.000000000Z one\n1970-01-01T00:16:40.000000000Z two\n' +
        '1970-01-01T00:33:20.250000000Z three\n1970-01-01T00:50:00.000000000Z four',
    )
    expect(await text('timestamps=true&tailLines=1&limitBytes=33')).toBe('1970-01-01T00:50:00.000000000Z fo')
    expect((await server.request(`${pods}/a/log?sinceTime=yesterday`)).status).toBe(400)
    expect((await read<Status>(`${pods}/a/log?sinceSeconds=0&limitBytes=0`)).body.message).toBe(
      'PodLogOptions "a" is invalid: [limitBytes: Invalid value: 0: must be greater than 0, ' +
        'sinceSeconds: Invalid value: 0: must be greater than 0]',
    )
  })

  it('give a line one time, however its parts come', async () => {
    const file = join(folder, 'log')
    writeFileSync(file, 'on')
    let ended = false
    server.logs.set('a/app', { file, times: new LogTimes(file), ended: () => ended })
    const followed = await server.request(`${pods}/a/log?follow=true&timestamps=true`)
    appendFileSync(file, 'e\ntwo\n')
    ended = true
    expect(await followed.text()).toMatch(/^\d{4}-\S+Z one\n\d{4}-\S+Z two\n$/)
  })

  it('say what is wrong with a container that is unknown or has not started', async () => {
    expect((await read<Status>(`${pods}/a/log?container=x`)).body).toMatchObject({ code: 400 })
    expect((await read<Status>(`${pods}/a/log`)).body.message).toContain('is waiting to start')
    expect((await read<Status>(`${pods}/nobody/log`)).code).toBe(404)
  })
})

it('streams forwarding tables of one node until the client goes away', async () => {
  const client = new AbortController()
  const response = await server.request('/rollproof/v1/nodes/n1/forwarding', { signal: client.signal })
  const rejectAnswers = { intervalMs: 1000, burst: 6 }
  const table: ForwardingTable = {
    node: 'n1',
    version: 1,
    atUs: 1,
    roundTripMs: 0,
    rejectAnswers,
    services: [],
  }
  server.publishTable({ ...table, node: 'n2' })
  server.publishTable(table)
  expect(await take(linesOf<ForwardingTable>(response), 1)).toEqual([table])
  client.abort()
  await expect.poll(() => server.tableSubscribers()).toBe(0)
})

it('lists pods/eviction in the discovery that drain reads, and everything in the aggregated one', async () => {
  const { body } = await read<{ resources: { name: string }[] }>('/api/v1')
  expect(body.resources.find(({ name }) => name === 'pods/eviction')).toEqual({
    name: 'pods/eviction',
    singularName: '',
    namespaced: true,
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    verbs: ['create'],
  })
  server.registry.create('nodes', node('n1'))
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const answer = await server.request('/apis', { headers: { Accept: accept } })
  expect(answer.headers.get('content-type')).toContain('as=APIGroupDiscoveryList')
  const { items } = (await answer.json()) as { items: { metadata: { name: string } }[] }
  expect(items.map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining([
      'apps',
      'discovery.k8s.io',
      'policy',
      'coordination.k8s.io',
      'autoscaling',
      'authentication.k8s.io',
      'authorization.k8s.io',
    ]),
  )
})
