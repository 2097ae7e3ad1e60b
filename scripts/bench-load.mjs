// What the load driver does for its CPU, beside its peers: interleaved rounds, and the median of the rounds' ratios, since
// a machine's speed drifts and ratios do not. Peers that are not installed are named and left out; `--peers=DIR` looks in
// DIR/bin and DIR/node_modules too. With names as arguments (`keep-alive fault`), only those rows; `--rounds=7` and
// `--seconds=3` say how much. Clients run on one core, the server on another, where the machine has taskset.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import * as clients from './bench/clients.mjs'
import { recordingCost } from './bench/recording-cost.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const option = (name, fallback) =>
  process.argv.find(word => word.startsWith(`--${name}=`))?.split('=')[1] ?? fallback
const rounds = Number(option('rounds', 7))
const seconds = Number(option('seconds', 3))
const peers = option('peers', null)
const names = process.argv.slice(2).filter(word => !word.startsWith('--'))
const RATE = 5000
/** Where processor is what is compared: long enough that a start, which every client has, is not taken for the work. */
const longSeconds = Math.max(10, seconds)
const nodeServer = fileURLToPath(new URL('bench/server.mjs', import.meta.url))

const commands = Object.fromEntries(
  ['wrk', 'vegeta', 'k6', 'hey', 'h2load', 'autocannon', 'taskset', 'cc'].map(name => [
    name,
    clients.findCommand(name, peers),
  ]),
)
const undiciModule = clients.findModule('undici', peers)
const pinned = core =>
  commands.taskset === null || availableParallelism() < 2 ? [] : [commands.taskset, '-c', String(core)]

async function startServer(protocol) {
  let command = [process.execPath, nodeServer, protocol]
  if (commands.cc !== null) {
    const file = join(mkdtempSync(join(tmpdir(), 'bench-server-')), 'server')
    const built = spawnSync(commands.cc, ['-O2', '-o', file, 'scripts/bench/server.c'], { encoding: 'utf8' })
    if (built.status === 0 && existsSync(file)) command = [file, protocol]
  }
  const [name, ...words] = [...pinned(1), ...command]
  const child = spawn(name, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const line = () => new Promise(resolve => child.stdout.once('data', bytes => resolve(String(bytes).trim())))
  const port = Number(await line())
  return {
    port,
    kind: command[0] === process.execPath ? 'Node' : 'C, epoll',
    say: text => child.stdin.write(`${text}\n`),
    async stats(rate) {
      const answer = line()
      child.stdin.write(`stats ${rate}\n`)
      const [requests, connections, injected, p50, p99] = (await answer).split(' ').map(Number)
      return { requests, connections, injected, p50, p99 }
    },
    end: () => child.stdin.end(),
  }
}

/** Runs a client to its end; `cpuUs` is its whole process, with what it started. */
async function measure(client, { pin = true } = {}) {
  const words = [...(pin ? pinned(0) : []), 'sh', '-c', '"$@"; times >&2', 'sh', ...client.command]
  const began = performance.now()
  const child = spawn(words[0], words.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', text => (output += text))
  child.stderr.setEncoding('utf8').on('data', text => (errors += text))
  child.stdin.on('error', () => undefined)
  if (client.input) child.stdin.write(client.input)
  const code = await new Promise(resolve => child.once('close', resolve))
  const times = errors.trim().split('\n').at(-1) ?? ''
  const spent = [...times.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s))
  const cpuUs = spent.reduce((sum, each) => sum + each, 0) * 1e6
  try {
    return { ...client.read(output), cpuUs, wallMs: performance.now() - began }
  } catch {
    return { failedToRun: errors.trim().split('\n')[0] ?? `code ${code}` }
  }
}

/** Of the rounds that have a figure. */
function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
const show = value => (Number.isFinite(value) ? `${value.toFixed(2)} ×` : '–')
const rows = []
const table = (what, figure, aim) => {
  rows.push([what, figure, aim])
  console.error(`${what}: ${figure}`)
}

/** Each round runs every client once; `value` makes a figure of a result. */
async function interleave(contenders, value, count = rounds) {
  const figures = Object.fromEntries(Object.keys(contenders).map(name => [name, []]))
  for (let round = 0; round < count; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const result = await run()
      if (result.failedToRun !== undefined) console.error(`${name}: ${result.failedToRun}`)
      const failed = { done: Number.NaN, cpuUs: Number.NaN, server: {} }
      figures[name].push(value(result.failedToRun === undefined ? result : failed))
    }
  return figures
}
const ratio = (figures, peer) => median(figures.ours.map((our, round) => our / figures[peer][round]))
const present = contenders => Object.fromEntries(Object.entries(contenders).filter(([, run]) => run !== null))
const absent = contenders =>
  Object.entries(contenders)
    .filter(([, run]) => run === null)
    .map(([name]) => name)
const missing = new Set()

/** By the clock, and for each second of the client's CPU: on a busy machine the second is the fairer. */
async function compare(title, contenders, aims) {
  for (const name of absent(contenders)) missing.add(name)
  const results = await interleave(present(contenders), result => result)
  const figuresOf = value =>
    Object.fromEntries(Object.entries(results).map(([name, all]) => [name, all.map(value)]))
  const byClock = figuresOf(({ done }) => done / seconds)
  const byCpu = figuresOf(({ done, cpuUs }) => done / cpuUs)
  for (const [peer, aim] of Object.entries(aims)) {
    if (byClock[peer] === undefined) continue
    const figure = `${show(ratio(byClock, peer))} (${show(ratio(byCpu, peer))} for each core-second)`
    table(`${title} against ${peer}`, figure, aim)
  }
}

const reused = { population: 'reused', connections: 50 }
const fresh = { population: 'fresh', connections: 10, pacing: 'closed' }

const parts = {
  async 'keep-alive'(server) {
    const { port } = server
    const contenders = {
      wrk: commands.wrk && (() => measure(clients.wrk(commands.wrk, port, seconds, 50))),
      ours: () => measure(clients.ours(port, seconds, { ...reused, pacing: 'closed' })),
      autocannon:
        commands.autocannon && (() => measure(clients.autocannon(commands.autocannon, port, seconds, 50))),
      undici: undiciModule && (() => measure(clients.undici(undiciModule, port, seconds, 50, false))),
    }
    const aims = { wrk: '≥ 0.85 ×', autocannon: '≥ 2 ×', undici: '≥ 2 ×' }
    await compare('maximum keep-alive rate', contenders, aims)
  },

  async connections({ port }) {
    const attack = { rate: 0, workers: 10, fresh: true }
    const contenders = {
      ours: () => measure(clients.ours(port, seconds, fresh)),
      undici: undiciModule && (() => measure(clients.undici(undiciModule, port, seconds, 10, true))),
      vegeta: commands.vegeta && (() => measure(clients.vegeta(commands.vegeta, port, seconds, attack))),
    }
    await compare('a connection per request', contenders, { undici: '≥ 1.2 ×', vegeta: '≥ 1 ×' })
  },

  async rate(server) {
    const { port } = server
    const seen = run => async () => {
      server.say('reset')
      const result = await run()
      return { ...result, server: await server.stats(RATE) }
    }
    const contenders = {
      ours: seen(() => measure(clients.ours(port, longSeconds, { ...reused, ratePerSecond: RATE }))),
      vegeta:
        commands.vegeta &&
        seen(() => measure(clients.vegeta(commands.vegeta, port, longSeconds, { rate: RATE, workers: 50 }))),
      k6: commands.k6 && seen(() => measure(clients.k6(commands.k6, port, longSeconds, RATE))),
    }
    for (const name of absent(contenders)) missing.add(name)
    const results = []
    await interleave(present(contenders), result => results.push(result))
    const clientsRun = Object.keys(present(contenders))
    const of = (name, value) =>
      results.filter((_, at) => clientsRun[at % clientsRun.length] === name).map(value)
    const figuresOf = value => Object.fromEntries(clientsRun.map(name => [name, of(name, value)]))
    const cpu = figuresOf(({ cpuUs, server: { requests } }) => cpuUs / requests)
    // A round in which ours skipped something has no schedule to be compared with.
    const lateness = quantile =>
      figuresOf(({ server, skipped = 0 }) => (skipped > 0 ? Number.NaN : server[quantile]))
    const late = lateness('p99')
    const aims = { vegeta: ['≤ 0.5 ×', '≤ 1 ×'], k6: ['≤ 0.25 ×', '≤ 0.3 ×'] }
    for (const [peer, [cpuAim, lateAim]] of Object.entries(aims)) {
      if (cpu[peer] === undefined) continue
      table(`CPU per request at ${RATE}/s against ${peer}`, show(ratio(cpu, peer)), cpuAim)
      table(
        `p99 lateness at ${RATE}/s, as the server saw it, against ${peer}`,
        show(ratio(late, peer)),
        lateAim,
      )
    }
    const [cpuUs, p50, p99] = [cpu.ours, lateness('p50').ours, late.ours].map(median)
    const figure = `${cpuUs.toFixed(0)} µs of CPU; ${(p50 / 1000).toFixed(1)} / ${(p99 / 1000).toFixed(1)} ms late`
    table(`ours at ${RATE}/s, in rounds of ${longSeconds} s: a request, p50 / p99`, figure, '')
  },

  async http2() {
    const server = await startServer('h2c')
    const { port } = server
    const h2 = {
      population: 'reused',
      protocol: 'http/2',
      connections: 10,
      pacing: 'closed',
      concurrency: 50,
    }
    const contenders = {
      ours: () => measure(clients.ours(port, seconds, h2)),
      'node:http2': () => measure(clients.nodeHttp2(port, seconds)),
      h2load: commands.h2load && (() => measure(clients.h2load(commands.h2load, port, seconds, 10, 5))),
    }
    await compare('h2c', contenders, { 'node:http2': '≥ 4 ×', h2load: '≥ 0.7 ×' })
    server.end()
  },

  async fault(server) {
    const { port } = server
    const load = { ...reused, ratePerSecond: 500 }
    const attack = { rate: 500, workers: 50 }
    const contenders = {
      ours: () => measure(clients.ours(port, 4, load)),
      k6: commands.k6 && (() => measure(clients.k6(commands.k6, port, 4, 500))),
      vegeta: commands.vegeta && (() => measure(clients.vegeta(commands.vegeta, port, 4, attack))),
      hey: commands.hey && (() => measure(clients.hey(commands.hey, port, 4, 500, 50))),
    }
    for (const name of absent(contenders)) missing.add(name)
    for (const [name, run] of Object.entries(present(contenders))) {
      server.say('fault 50')
      const { failed } = await run()
      const { injected } = await server.stats(0)
      const figure = `${failed} of ${injected}`
      table(
        `injected faults that ${name} reports (reused connections, GET)`,
        figure,
        name === 'ours' ? 'all' : '',
      )
    }
    server.say('fault 0')
  },

  async recording() {
    const { nsEach, bytesEach } = await recordingCost()
    table('recording a request', `${nsEach.toFixed(0)} ns, ${bytesEach} bytes`, '≤ 50 ns, ≤ 24 bytes')
  },

  async workers({ port }) {
    const load = { ...reused, pacing: 'closed' }
    const contenders = {
      ours: () => measure(clients.ours(port, longSeconds, load, { workers: 2 }), { pin: false }),
      one: () => measure(clients.ours(port, longSeconds, load), { pin: false }),
    }
    const figures = await interleave(contenders, ({ done, cpuUs }) => done / cpuUs, Math.min(rounds, 5))
    table(
      `two workers against one, for each core-second, in rounds of ${longSeconds} s`,
      show(ratio(figures, 'one')),
      '≥ 0.85 ×',
    )
  },
}

const before = loadavg()
const server = await startServer('http')
for (const [name, run] of Object.entries(parts))
  if (names.length === 0 || names.includes(name)) await run(server)
server.end()

const loads = [before, loadavg()].map(([minute]) => minute.toFixed(1)).join(' to ')
console.log(
  `Medians of ${rounds} interleaved rounds of ${seconds} s; one core for each client; server: ${server.kind};`,
)
console.log(`Node ${process.version}; load average ${loads} on ${availableParallelism()} cores.`)
if (missing.size > 0) console.log(`Not installed, and left out: ${[...missing].join(', ')}.`)
console.log('\n| what | measured | at least |\n| --- | --- | --- |')
for (const row of rows) console.log(`| ${row.join(' | ')} |`)
