/**
 * Programs that know nothing of pods, as pods: several of each side by side, all on port 8080, in both ways of giving
 * addresses. The servers are those of examples/other-servers.
 */
import { spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { KubeConfig, PortForward } from '@kubernetes/client-node'
import { afterEach, describe, expect, test } from 'vitest'
import type { Deployment, KubeObject, Pod } from '../kube/types.ts'
import type { ForwardingEndpoint } from '../model/forwarding.ts'
import type { ImageContents } from '../model/embedded-cluster.ts'
import { ClusterProgram } from './testing/cluster-program.ts'

const folder = fileURLToPath(new URL('../../examples/other-servers/', import.meta.url))
const image = (command: string[], file: string, env: Record<string, string> = {}): ImageContents => ({
  commands: { run: command, sleep: ['/bin/sleep'] },
  entrypoint: ['run', join(folder, file)],
  args: [],
  env,
  workingDir: null,
})
/** The interpreter itself: a launcher in its place may need a PATH of its own. */
const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' })
if (python.status !== 0) console.warn('python3 is not on the PATH: the Python server is not tried')

const servers: Record<string, ImageContents> = {
  plain: image([process.execPath], 'plain.cjs'),
  module: image([process.execPath], 'module.mjs'),
  workers: image([process.execPath], 'workers.cjs'),
  ...(python.status === 0
    ? { python: image([python.stdout.trim()], 'server.py', { HOST: '$(POD_IP)', PORT: '$(PORT)' }) }
    : {}),
}
const idle = image(['/bin/sh'], 'idle.sh')

let cluster: ClusterProgram
afterEach(() => cluster.close())

async function deploy(name: string, replicas: number, serves: boolean): Promise<void> {
  const readiness = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 }
  const container = { name: 'app', image: `${name}:1.2`, ...(serves ? { readinessProbe: readiness } : {}) }
  const labels = { app: name }
  if (serves)
    await cluster.request('POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    })
  await cluster.request('POST', '/apis/apps/v1/namespaces/default/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 5, containers: [container] },
      },
    },
  })
}

async function available(name: string, replicas: number): Promise<void> {
  const path = `/apis/apps/v1/namespaces/default/deployments/${name}`
  await cluster.until(async () => {
    const { metadata, status } = await cluster.request<Deployment>('GET', path)
    return (
      status?.observedGeneration === metadata.generation &&
      status?.updatedReplicas === replicas &&
      status.replicas === replicas &&
      status.availableReplicas === replicas
    )
  })
}

async function podsOf(name: string): Promise<Pod[]> {
  return (await cluster.pods()).filter(pod => pod.metadata.labels?.['app'] === name)
}

function endpointsOf(name: string): ForwardingEndpoint[] {
  const table = cluster.tables.filter(({ node }) => node === cluster.ready.vantage).at(-1)
  return table?.services.find(({ service }) => service === `default/${name}:80`)?.endpoints ?? []
}

/** Who answers there: each sample server says its host name. */
function whoAnswers({ address, port }: ForwardingEndpoint): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: address, port, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => resolve(text.trim()))
    }).once('error', reject)
  })
}

/** Each pod of the workload answers, at its own place, by its own name. */
async function eachAnswersForItself(name: string): Promise<void> {
  const pods = (await podsOf(name)).map(({ metadata }) => metadata.name).sort()
  await cluster.until(
    () =>
      endpointsOf(name)
        .map(({ pod }) => pod)
        .sort()
        .join() === pods.join(),
  )
  for (const endpoint of endpointsOf(name)) expect(await whoAnswers(endpoint)).toBe(endpoint.pod)
}

/** The same, by way of `kubectl port-forward`'s own door. */
async function forwardedAnswer(pod: string): Promise<string> {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'c', server: cluster.kubectlServer, skipTLSVerify: true },
    { name: 'u' },
  )
  const [out, err, input] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    out.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.includes(pod)) resolve(text)
    })
    err.on('data', chunk => String(chunk) !== '' && reject(new Error(String(chunk))))
  })
  const socket = await new PortForward(config).portForward('default', pod, [8080], out, err, input)
  input.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n')
  const text = await answer
  if (typeof socket !== 'function') socket.close()
  return text
}

describe.each(['loopback', 'ports'] as const)('with addresses: %s', addresses => {
  test('servers on port 8080 run side by side, are rolled, and each answers for itself', async () => {
    const images = Object.fromEntries(Object.entries(servers).map(([name, one]) => [`${name}:*`, one]))
    cluster = await ClusterProgram.start({ silenceMs: 1000 }, addresses, { ...images, 'idle:*': idle })
    expect(cluster.ready.settings['addresses']).toBe(addresses)
    const names = Object.keys(servers)
    for (const name of names) await deploy(name, name === 'plain' ? 3 : 2, true)
    await deploy('idle', 1, false)
    for (const name of names) await available(name, name === 'plain' ? 3 : 2)
    await available('idle', 1)
    for (const name of names) await eachAnswersForItself(name)

    const before = (await podsOf('plain')).map(({ metadata }) => metadata.uid)
    await cluster.request<KubeObject>('PATCH', '/apis/apps/v1/namespaces/default/deployments/plain', {
      spec: { template: { metadata: { annotations: { version: '2' } } } },
    })
    await available('plain', 3)
    await cluster.until(async () => (await podsOf('plain')).length === 3)
    expect((await podsOf('plain')).filter(({ metadata }) => before.includes(metadata.uid))).toEqual([])
    await eachAnswersForItself('plain')
    for (const { metadata } of await podsOf('plain'))
      expect(await forwardedAnswer(metadata.name)).toContain(metadata.name)

    const ips = (await cluster.pods()).map(({ status }) => status?.podIP)
    expect(new Set(ips).size).toBe(ips.length)
    expect(ips.every(ip => ip?.startsWith(addresses === 'ports' ? '10.244.' : '127.'))).toBe(true)
  }, 60_000)
})
