/** Credentials that a program gives out, as those of cloud providers do: the exec plugins of a kubeconfig. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectKube } from './client.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'credentials-'))
const heard: (string | undefined)[] = []
const server = http.createServer(({ headers }, response) => {
  heard.push(headers.authorization)
  response.setHeader('content-type', 'application/json').end('{"kind":"NamespaceList","items":[]}')
})

beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

/** Asks with the credentials that a script of these lines gives out. */
async function askWith(name: string, lines: string | null): Promise<unknown> {
  const command = path.join(folder, name)
  if (lines !== null) writeFileSync(command, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  const { port } = server.address() as AddressInfo
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' }
  const config = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'dev', user: { exec } }],
    contexts: [{ name: 'shop', context: { cluster: 'c', user: 'dev' } }],
    'current-context': 'shop',
  }
  const client = await connectKube(JSON.stringify(config))
  try {
    return await client.request('GET', '/api/v1/namespaces')
  } finally {
    client.close()
  }
}

const credential = (token: string): string =>
  JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token },
  })

it('sends the token that the program prints', async () => {
  await askWith('good', `echo '${credential('t-1')}'`)
  expect(heard).toEqual(['Bearer t-1'])
})

it.each([
  ['missing', null, /ENOENT/],
  ['refusing', 'echo "log in first" >&2; exit 1', /log in first/],
  ['chatty', 'echo hello', /not valid JSON/],
])('says whose credentials are missing, and why (%s)', async (name, lines, why) => {
  const asked = askWith(name, lines)
  await expect(asked).rejects.toThrow(/user dev, which \S+ gives out, could not be had/)
  await expect(asked).rejects.toThrow(why)
  await expect(asked).rejects.toThrow(/try: kubectl --context shop get namespaces/)
})
