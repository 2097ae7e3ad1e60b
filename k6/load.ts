/**
 * The load, as a k6 script: one scenario for each population, one request for each iteration. k6 runs this file as it is
 * (0.57 and newer read TypeScript). What it is to do comes in one environment variable, made by src/load/k6/settings.ts,
 * and what it did goes out as k6's own points, each with the number of its request.
 *
 * Go's HTTP client, and so k6, sends a GET again without a word when a kept connection breaks before the answer's first
 * byte. So kept connections carry POSTs wherever the server takes them, and `fresh` requests a connection of their own.
 */
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter } from 'k6/metrics'
import type { Options } from 'k6/options'
import type { PopulationSettings, ScriptSettings } from '../src/load/k6/settings.ts'
import { kindOf } from '../src/load/spread.ts'

const settings = JSON.parse(__ENV['ROLLPROOF_K6_SETTINGS'] ?? '{}') as ScriptSettings

export const options: Options = settings.options

const begun = new Counter('rollproof_begun')
const done = new Counter('rollproof_done')

const padding = 'abcdefghijklmnopqrstuvwxyz012345'.repeat(31)

/** This user may send until then; k6 has no way to end a test without cutting off what is in flight. */
let leaseUntilMs = 0
let stopped = false

export default function request(): void {
  const { name, iterationInTest } = exec.scenario
  const population = settings.populations[name]
  if (population === undefined) throw new Error(`no settings for the scenario ${name}`)
  const { metadata } = exec.vu.metrics
  metadata['seq'] = ''
  if (!maySend()) return
  const seq = iterationInTest * settings.stride + population.position
  const kind = population.always ?? kindOf(population, iterationInTest)
  const id = `${settings.runPrefix}-${seq}`
  metadata['seq'] = String(seq)
  metadata['iteration'] = String(iterationInTest)
  metadata['kind'] = kind
  metadata['start'] = String(exec.scenario.startTime)
  metadata['pod'] = ''
  metadata['check'] = ''
  begun.add(1)
  const response = send(kind, id, population)
  metadata['pod'] = response.headers['X-Pod'] ?? ''
  metadata['check'] = checkOf(response, kind, id)
  done.add(1)
}

function send(kind: string, id: string, { fresh, answerMs, timeoutMs }: PopulationSettings) {
  const headers: Record<string, string> = { Host: settings.host, 'x-request-id': id }
  if (fresh) headers['Connection'] = 'close'
  const params = { headers, timeout: timeoutMs, redirects: 0 }
  const query = answerMs > 0 || kind === 'slow' ? `?ms=${answerMs}` : ''
  switch (kind) {
    case 'post':
    case 'slow-post': {
      headers['Content-Type'] = 'application/json'
      const body = `{"id":"${id}","padding":"${padding}"}`
      return http.post(`${settings.url}/echo${query}`, body, params)
    }
    case 'stream':
      return http.get(`${settings.url}/stream${query}`, params)
    case 'slow':
      return http.get(`${settings.url}/slow${query}`, params)
    default:
      return http.get(`${settings.url}/${query}`, params)
  }
}

/** What a complete answer says of the request it answers; a server that echoes no id is not the sample app. */
function checkOf({ status, headers, body }: ReturnType<typeof send>, kind: string, id: string): string {
  const echoed = headers['X-Request-Id']
  if (status < 200 || status > 299 || echoed === undefined) return ''
  if (echoed !== id) return 'header'
  const carriesBody = kind === 'post' || kind === 'slow-post'
  return carriesBody && !(typeof body === 'string' && body.includes(id)) ? 'body' : ''
}

/** Asks the program that runs k6, at most once in a lease; when that is gone, the test ends. */
function maySend(): boolean {
  const nowMs = Date.now()
  if (stopped || nowMs < leaseUntilMs) return !stopped
  const { status } = http.get(settings.controlUrl, { timeout: 5000 })
  if (status === 0) exec.test.abort('the program that runs k6 is gone')
  stopped = status !== 200
  leaseUntilMs = nowMs + settings.leaseMs
  return !stopped
}
