// What the embedded cluster costs on this machine: its start, its idleness, a rollout of many pods, many clusters side
// by side. Prints a table; judges nothing. With names as arguments (`idle roll`), only those parts; `--pods=100` and
// `--clusters=5` make it smaller. Figures of processes come from /proc, so this needs Linux.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const option = (name, fallback) =>
  Number(process.argv.find(word => word.startsWith(`--${name}=`))?.split('=')[1] ?? fallback)
const podCount = option('pods', 500)
const clusterCount = option('clusters', 20)
const names = process.argv.slice(2).filter(word => !word.startsWith('--'))
const nodeFlags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean)

const row = (part, figure, value) => console.log(`${part.padEnd(8)}${figure.padEnd(46)}${value}`)

const token = 'bench'
const images = { sleep: { commands: { sleep: ['/bin/sleep'] }, entrypoint: ['sleep', '1000000'], env: {} } }

async function startCluster(settings) {
  const root = mkdtempSync(join(tmpdir(), 'bench-cluster-'))
  const child = spawn(process.execPath, [...nodeFlags, 'dist/embedded.js'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const directory = join(root, 'cluster')
  child.stdin.write(`${JSON.stringify({ directory, token, port: 0, images, settings })}\n`)
  const line = await new Promise((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(chunk.toString()))
    child.once('exit', code => reject(new Error(`the cluster ended with ${code}`)))
  })
  const { url } = JSON.parse(line)
  const call = async (method, path, body, type = 'application/json') => {
    const response = await globalThis.fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const end = async () => {
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.stdin.end()
    await ended
    rmSync(root, { recursive: true, force: true })
  }
  return { pid: child.pid, call, end }
}

const deployments = '/apis/apps/v1/namespaces/default/deployments'

async function deploy({ call }, replicas) {
  await call('POST', '/api/v1/namespaces/default/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'nothing' },
    spec: { selector: { app: 'nothing' }, ports: [{ port: 8080 }] },
  })
  const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: 'nothing', image: 'sleep' }] }
  await call('POST', deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'nothing' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'nothing' } },
      template: { metadata: { labels: { app: 'nothing' } }, spec },
    },
  })
  await whole({ call }, replicas)
}

async function whole({ call }, replicas) {
  for (;;) {
    const { metadata, status = {} } = await call('GET', `${deployments}/nothing`)
    const done =
      status.observedGeneration === metadata.generation &&
      status.updatedReplicas === replicas &&
      status.availableReplicas === replicas &&
      status.replicas === replicas
    if (done) return
    await sleep(200)
  }
}

const tickMs = 1000 / Number(spawnSync('getconf', ['CLK_TCK']).stdout)
function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}
const residentMb = pid =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
const childrenOf = pid =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
const commandOf = pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
const seconds = ms => `${(ms / 1000).toFixed(2)} s`
const timed = async action => {
  const before = performance.now()
  const value = await action()
  return [performance.now() - before, value]
}

const parts = {
  async start() {
    const state = mkdtempSync(join(tmpdir(), 'bench-state-'))
    const run = (...words) =>
      spawnSync(process.execPath, ['dist/main.js', 'cluster', ...words], {
        env: { ...process.env, XDG_STATE_HOME: state },
      })
    const [bare] = await timed(() => spawnSync(process.execPath, ['-e', '0']))
    const walls = []
    for (let round = 0; round < 5; round++) {
      const [wall, { status, stderr }] = await timed(() => run('up'))
      if (status !== 0) throw new Error(stderr.toString())
      walls.push(wall)
      run('down')
    }
    rmSync(state, { recursive: true, force: true })
    walls.sort((a, b) => a - b)
    row('start', 'an empty Node program', seconds(bare))
    row('start', '`cluster up`, fastest and median of 5', `${seconds(walls[0])}, ${seconds(walls[2])}`)
  },

  async idle() {
    const cluster = await startCluster({ workers: 3 })
    await deploy(cluster, 10)
    await sleep(3000)
    const programs = [
      cluster.pid,
      ...childrenOf(cluster.pid).filter(pid => commandOf(pid).includes('reaper')),
    ]
    const before = programs.map(cpuMs)
    const [wall] = await timed(() => sleep(20_000))
    const used = programs.reduce((sum, pid, index) => sum + cpuMs(pid) - before[index], 0)
    row('idle', '3 workers, 10 pods: share of one core', `${((used / wall) * 100).toFixed(2)} %`)
    row(
      'idle',
      'memory, cluster and reaper',
      programs.map(pid => `${residentMb(pid).toFixed(0)} MB`).join(' + '),
    )
    await cluster.end()
  },

  async roll() {
    const cluster = await startCluster({ workers: Math.ceil(podCount / 70) + 1 })
    const [deployed] = await timed(() => deploy(cluster, podCount))
    row('roll', `${podCount} pods: deployed`, `${seconds(deployed)}, CPU ${seconds(cpuMs(cluster.pid))}`)
    const before = cpuMs(cluster.pid)
    const change = { spec: { template: { metadata: { annotations: { round: '2' } } } } }
    const [rolled] = await timed(async () => {
      await cluster.call('PATCH', `${deployments}/nothing`, change, 'application/merge-patch+json')
      await whole(cluster, podCount)
    })
    row('roll', `${podCount} pods: rolled`, `${seconds(rolled)}, CPU ${seconds(cpuMs(cluster.pid) - before)}`)
    const { items } = await cluster.call('GET', '/api/v1/namespaces/default/pods')
    const failed = items.filter(
      pod => pod.metadata.deletionTimestamp === undefined && pod.status.phase === 'Failed',
    ).length
    const restarted = items.filter(({ status }) => status.containerStatuses?.[0]?.restartCount > 0).length
    row('roll', 'failed, restarted', `${failed}, ${restarted}`)
    row('roll', 'memory', `${residentMb(cluster.pid).toFixed(0)} MB`)
    const [ended] = await timed(() => cluster.end())
    row('roll', `ended with ${podCount} pods`, seconds(ended))
  },

  async many() {
    const [started, clusters] = await timed(() =>
      Promise.all(Array.from({ length: clusterCount }, () => startCluster({ workers: 3 }))),
    )
    row('many', `${clusterCount} clusters side by side: started`, seconds(started))
    const [served] = await timed(() => Promise.all(clusters.map(cluster => deploy(cluster, 3))))
    row('many', 'each with 3 pods: available', seconds(served))
    const memory = clusters.reduce((sum, { pid }) => sum + residentMb(pid), 0)
    row('many', 'memory of one', `${(memory / clusterCount).toFixed(0)} MB`)
    const pids = clusters.flatMap(({ pid }) => [pid, ...childrenOf(pid)])
    const [ended] = await timed(() => Promise.all(clusters.map(cluster => cluster.end())))
    await sleep(500)
    const alive = new Set(readdirSync('/proc'))
    row(
      'many',
      'ended',
      `${seconds(ended)}, ${pids.filter(pid => alive.has(String(pid))).length} of ${pids.length} processes left`,
    )
  },
}

const unknown = names.filter(name => !(name in parts))
if (unknown.length > 0)
  throw new Error(`no such part: ${unknown.join(', ')} (${Object.keys(parts).join(', ')})`)
console.log(`${cpus().length} cores, load average ${loadavg()[0].toFixed(1)}, Node ${process.version}`)
for (const [name, part] of Object.entries(parts)) if (names.length === 0 || names.includes(name)) await part()
