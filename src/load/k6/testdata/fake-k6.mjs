#!/usr/bin/env node
// Speaks as k6 does, for tests: what it does is in FAKE_K6. It writes its pid where FAKE_K6_PID says.
import { writeFileSync } from 'node:fs'
import { get } from 'node:http'

const { FAKE_K6 = 'run', FAKE_K6_PID, ROLLPROOF_K6_SETTINGS = '{}' } = process.env
if (FAKE_K6_PID !== undefined) writeFileSync(FAKE_K6_PID, String(process.pid))
const settings = JSON.parse(ROLLPROOF_K6_SETTINGS)
const start = Date.now()
const spans = ['duration', 'blocked', 'connecting', 'tls_handshaking', 'sending', 'waiting', 'receiving']
let stopped = false
let iteration = 0

function point(metric, tags, metadata, value = 1) {
  const data = { time: new Date().toISOString(), value, tags: { scenario: 'fresh', ...tags }, metadata }
  process.stdout.write(`${JSON.stringify({ metric, type: 'Point', data })}\n`)
}

function begin() {
  const seq = String(iteration * settings.stride)
  const metadata = { seq, iteration: String(iteration), kind: 'get', start: String(start) }
  iteration += 1
  point('rollproof_begun', {}, metadata)
  return metadata
}

function end(metadata, tags = { status: '200' }) {
  const time = new Date().toISOString()
  for (const metric of ['http_reqs', ...spans.map(name => `http_req_${name}`)]) {
    const data = { time, value: 1, tags: { scenario: 'fresh', ...tags }, metadata }
    process.stdout.write(`${JSON.stringify({ metric, type: 'Point', data })}\n`)
  }
  point('rollproof_done', {}, { ...metadata, pod: 'web-a', check: '' })
}

function ask() {
  get(settings.controlUrl, response => {
    stopped = response.statusCode !== 200
    response.resume()
  }).on('error', () => process.exit(108))
}

process.on('SIGINT', () => {
  if (FAKE_K6 !== 'deaf') process.exit(105)
})

switch (FAKE_K6) {
  case 'breaks':
    process.stderr.write('{"level":"warning","msg":"Request Failed"}\n')
    process.stderr.write('{"level":"error","msg":"SyntaxError: the script is wrong"}\n')
    process.exit(107)
    break
  case 'deaf':
    // Says nothing, and so does not notice that nobody listens either.
    process.on('SIGTERM', () => undefined)
    setInterval(() => undefined, 1000)
    break
  case 'idle':
    process.exit(0)
    break
  default: {
    process.stdout.write('a line of the script itself\n')
    setInterval(ask, 100)
    setInterval(() => point('vus', {}, {}), 100)
    // One request is open until the run is over, as a slow one would be.
    let open = begin()
    setInterval(() => {
      if (!stopped) return end(begin())
      if (open !== null) end(open)
      open = null
    }, 20)
  }
}
