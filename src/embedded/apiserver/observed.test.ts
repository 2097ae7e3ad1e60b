/** What a real Kubernetes 1.34.4 answered to the same requests, recorded once. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject, Status } from '../../kube/types.ts'
import type { ResourceName } from '../cluster-api.ts'
import { statusOfFailure, testRegistry } from './testing/objects.ts'
import type { RunningServer } from './testing/running-server.ts'
import { runServer } from './testing/running-server.ts'

function recorded<T>(name: string): T[] {
  const text = readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as T)
}

interface Problem {
  case: string
  path: string
  object: KubeObject
  message: string
}

describe('a bad manifest is refused in the words of a real server', () => {
  it.each(recorded<Problem>('observed-problems.ndjson'))('$case', ({ path, object, message }) => {
    const { registry } = testRegistry()
    const resource = (path.split('/').at(-1) ?? '') as ResourceName
    const { metadata } = object
    const placed = resource === 'namespaces' ? metadata : { ...metadata, namespace: 'default' }
    const status = statusOfFailure(() => registry.post(resource, { ...object, metadata: placed }))
    expect(status.message).toBe(message)
  })
})

interface Answer {
  case: string
  method: string
  path: string
  contentType: string
  body: string
  accept: string
  code: number
  status: Status
}

describe('a request that cannot be served gets the Status of a real server', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await runServer()
    const namespace = 'lab'
    const lab = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    server.registry.post('namespaces', lab)
    for (const name of ['c1', 'c2']) {
      const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { a: '1' } }
      server.registry.post('configmaps', config)
    }
  })
  afterAll(() => server.close())

  it.each(recorded<Answer>('observed-answers.ndjson'))(
    '$case: $method $path',
    async ({ method, path, contentType, body, accept, code, status }) => {
      const headers: Record<string, string> = {}
      if (accept !== '') headers['Accept'] = accept
      if (body !== '') headers['Content-Type'] = contentType
      const answer = await server.request(path, { method, headers, ...(body === '' ? {} : { body }) })
      expect([answer.status, await answer.json()]).toEqual([code, status])
    },
  )
})
