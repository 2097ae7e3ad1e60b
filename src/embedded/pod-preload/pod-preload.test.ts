/** The preload as it is built, in Node processes as a pod starts them. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { podPlaceVariable, type PodPlace } from '../../model/pod-place.ts'
import { programFile } from '../program-file.ts'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'pod-preload-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a program in the pod prints, as JSON. */
function runInPod(place: PodPlace, file: string, program: string): Promise<unknown> {
  writeFileSync(join(folder, file), program)
  const env = {
    NODE_OPTIONS: `--require "${programFile('pod-preload', '.cjs')}"`,
    [podPlaceVariable]: JSON.stringify(place),
  }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(folder, file)], { env, timeout: 15_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout))
      else reject(new Error(`${error.message}\n${stderr}`))
    })
  })
}

const places: Record<string, PodPlace> = {
  loopback: { hostname: 'web-1', address: '127.1.96.1', host: '127.1.96.1', ports: {} },
  ports: { hostname: 'web-1', address: '10.244.1.2', host: '127.0.0.1', ports: { 8080: 12_291 } },
}

const esModule = `import { createServer, get } from 'node:http'
import { connect } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
const server = createServer((_, response) => response.end('hello')).listen(8080, '0.0.0.0', async () => {
  const second = createServer()
  const taken = await new Promise(resolve => second.on('error', ({ code }) => resolve(code)).listen(8080))
  const answers = []
  for (const host of ['localhost', '127.0.0.1', '[::1]', hostname()])
    answers.push(await (await fetch('http://' + host + ':8080/')).text())
  const socket = connect(8080, () => {
    const { remoteAddress, remotePort } = socket
    const own = networkInterfaces().eth0[0].address
    console.log(JSON.stringify({ shown: server.address(), taken, answers, remoteAddress, remotePort, host: hostname(), own }))
    process.exit()
  })
})
`

describe.each(Object.keys(places))('where pods have their %s', way => {
  const place = places[way] as PodPlace

  test('a server on all addresses is at its pod, and its pod at localhost', async () => {
    expect(await runInPod(place, 'server.mjs', esModule)).toEqual({
      shown: { address: '0.0.0.0', family: 'IPv4', port: 8080 },
      taken: 'EADDRINUSE',
      answers: ['hello', 'hello', 'hello', 'hello'],
      remoteAddress: place.host,
      remotePort: place.ports[8080] ?? 8080,
      host: 'web-1',
      own: place.address,
    })
  })
})

test('a port that nobody declared is free for each pod, and found by the pod itself', async () => {
  const program = `const { createServer } = require('node:net')
const server = createServer(socket => socket.end('own'))
server.listen(9999, () => {
  const socket = require('node:net').connect(9999, 'localhost')
  socket.on('data', text => { console.log(JSON.stringify([String(text), server.address().port, socket.remotePort === 9999])); process.exit() })
})
`
  expect(await runInPod(places['ports'] as PodPlace, 'undeclared.cjs', program)).toEqual(['own', 9999, false])
})
