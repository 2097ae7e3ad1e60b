// The clients that are compared, each as a command with the way to read its answer. A missing one is null.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const driver = fileURLToPath(new URL('../../dist/load.js', import.meta.url))
const undiciClient = fileURLToPath(new URL('undici-client.mjs', import.meta.url))
const http2Client = fileURLToPath(new URL('http2-client.mjs', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'bench-load-'))

/** A command of PATH, or of the folder that `--peers` names. */
export function findCommand(name, peers) {
  const places = [...(peers === null ? [] : [join(peers, 'bin'), join(peers, 'node_modules', '.bin')])]
  places.push(...(process.env.PATH ?? '').split(':'))
  return places.map(place => join(place, name)).find(file => existsSync(file)) ?? null
}

/** The file of a package that a folder has installed; null when it has not. */
export function findModule(name, peers) {
  for (const folder of [peers, process.cwd()]) {
    if (folder === null) continue
    try {
      return createRequire(join(folder, 'package.json')).resolve(name)
    } catch {
      // Not there: the next folder.
    }
  }
  return null
}

const basic = { postShare: 0, streamShare: 0, answerMs: 0, connections: 0, ratePerSecond: 0 }

/** Our driver: the plan goes to its standard input, which stays open. */
export function ours(port, seconds, population, changes = {}) {
  const plan = {
    version: 1,
    runPrefix: '0a1b2c3d',
    target: { kind: 'address', host: '127.0.0.1', port },
    host: 'localhost',
    seed: 1,
    maxDurationMs: seconds * 1000,
    maxInFlight: 2000,
    record: 'summary',
    profile: {
      connectTimeoutMs: 5000,
      firstByteTimeoutMs: 5000,
      populations: [{ ...basic, ...population }],
    },
    ...changes,
  }
  return {
    command: [process.execPath, driver],
    input: `${JSON.stringify(plan)}\n`,
    read(text) {
      const messages = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      const { totals } = messages.find(({ type }) => type === 'ended')
      return { done: totals.succeeded, failed: totals.failed, sent: totals.sent, skipped: totals.skipped }
    },
  }
}

export const wrk = (file, port, seconds, connections) => ({
  command: [file, '-t1', `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`],
  read: text => ({ done: Number(/(\d+) requests in/.exec(text)?.[1] ?? 0) }),
})

export const autocannon = (file, port, seconds, connections) => ({
  command: [file, '-j', '-c', String(connections), '-d', String(seconds), `http://127.0.0.1:${port}/`],
  read: text => ({ done: JSON.parse(text.slice(text.indexOf('{'))).requests.total }),
})

export const undici = (module, port, seconds, connections, fresh) => ({
  command: [
    process.execPath,
    undiciClient,
    pathToFileURL(module).href,
    ...[port, seconds, connections, fresh ? 1 : 0].map(String),
  ],
  read: text => ({ done: Number(text) }),
})

export const nodeHttp2 = (port, seconds) => ({
  command: [process.execPath, http2Client, String(port), String(seconds)],
  read: text => ({ done: Number(text) }),
})

export const h2load = (file, port, seconds, connections, streams) => ({
  command: [
    file,
    ...['-c', String(connections), '-m', String(streams), '-D', String(seconds), '-t1'],
    `http://127.0.0.1:${port}/`,
  ],
  read: text => ({ done: Number(/requests: (\d+) total/.exec(text)?.[1] ?? 0) }),
})

/** `rate` 0: as fast as its workers can. */
export function vegeta(file, port, seconds, { rate, workers, fresh = false }) {
  const targets = join(scratch, `targets-${port}`)
  const results = join(scratch, 'vegeta.bin')
  writeFileSync(targets, `GET http://127.0.0.1:${port}/\n`)
  const limit = rate === 0 ? [`-max-workers=${workers}`] : []
  return {
    command: [
      file,
      'attack',
      ...[`-targets=${targets}`, `-output=${results}`, `-rate=${rate}`, `-duration=${seconds}s`],
      ...[`-workers=${workers}`, ...limit, `-keepalive=${!fresh}`],
    ],
    read() {
      const report = spawnSync(file, ['report', '-type=json', results], { encoding: 'utf8' })
      const { requests, success } = JSON.parse(report.stdout)
      return { done: Math.round(requests * success), failed: Math.round(requests * (1 - success)) }
    },
  }
}

export function k6(file, port, seconds, rate) {
  const script = join(scratch, 'k6.js')
  const summary = join(scratch, 'k6.json')
  writeFileSync(
    script,
    `import http from 'k6/http'
export const options = { discardResponseBodies: true, scenarios: { load: { executor: 'constant-arrival-rate',
  rate: ${rate}, timeUnit: '1s', duration: '${seconds}s', preAllocatedVUs: 50, maxVUs: 200 } } }
export default () => { http.get('http://127.0.0.1:${port}/') }
export const handleSummary = data => ({ '${summary}': JSON.stringify(data.metrics) })`,
  )
  return {
    command: [file, 'run', '--quiet', '--no-usage-report', script],
    read() {
      const metrics = JSON.parse(readFileSync(summary, 'utf8'))
      const done = metrics.http_reqs.values.count
      return { done, failed: metrics.http_req_failed.values.passes }
    },
  }
}

export const hey = (file, port, seconds, rate, workers) => ({
  command: [
    file,
    ...['-z', `${seconds}s`, '-c', String(workers), '-q', String(rate / workers)],
    `http://127.0.0.1:${port}/`,
  ],
  read(text) {
    const errors = text.split('Error distribution:')[1] ?? ''
    const failed = [...errors.matchAll(/\[(\d+)\]/g)].reduce((sum, [, count]) => sum + Number(count), 0)
    return { done: Number(/\[200\]\s+(\d+)/.exec(text)?.[1] ?? 0), failed }
  },
})
