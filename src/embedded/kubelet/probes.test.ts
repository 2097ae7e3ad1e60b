import { afterEach, expect, test } from 'vitest'
import type { Probe } from '../../kube/types.ts'
import type { ExecOutcome } from './container-runtime.ts'
import { OneNode } from './testing/one-node.ts'
import type { ScriptedContainer } from './testing/scripted-runtime.ts'

let node: OneNode
afterEach(() => node.close())

const passed: ExecOutcome = { kind: 'exited', code: 0, output: '' }
const failed: ExecOutcome = { kind: 'exited', code: 1, output: 'not yet' }
const missing: ExecOutcome = { kind: 'could-not-start', message: 'no such binary' }

function probe(name: string, parameters: Probe = {}): Probe {
  return { exec: { command: [name] }, ...parameters }
}

/** The container's age when the API first says so. */
async function ageWhen(what: string, condition: () => boolean): Promise<number> {
  await node.until(what, condition)
  return node.container().ageMs
}

function listensAfter(ms: number): (container: ScriptedContainer) => ExecOutcome {
  return container => (container.ageMs >= ms ? passed : failed)
}

test('a server that listens when the PLEG sees it is ready at once', async () => {
  node = new OneNode({ exec: listensAfter(0) })
  node.run({ readinessProbe: probe('ready') })
  const seenMs = await ageWhen('running', () => node.pod?.status?.phase === 'Running')
  expect(seenMs).toBeGreaterThan(0)
  expect(seenMs).toBeLessThanOrEqual(1000)
  expect((await ageWhen('ready', () => node.ready)) - seenMs).toBeLessThanOrEqual(10)
})

test.each([1, 3, 10])(
  'a slower one is ready at a whole number of periods after that (period %i)',
  async period => {
    node = new OneNode({ exec: listensAfter(2200) })
    node.run({ readinessProbe: probe('ready', { periodSeconds: period }) })
    const seenMs = await ageWhen('running', () => node.pod?.status?.phase === 'Running')
    const periods = Math.ceil((2200 - seenMs) / (period * 1000))
    const readyMs = await ageWhen('ready', () => node.ready)
    expect(Math.abs(readyMs - (seenMs + periods * period * 1000))).toBeLessThanOrEqual(10)
    // Twice when the PLEG has seen it, then once per period.
    expect(node.container().execsMs.length).toBe(2 + periods)
  },
)

test('without a readiness probe a pod is ready when its process runs, whether it listens or not', async () => {
  node = new OneNode()
  node.run({})
  expect(await ageWhen('ready', () => node.ready)).toBeLessThanOrEqual(1000)
})

test('attempts within the initial delay are skipped, and the ticks keep their phase', async () => {
  node = new OneNode({ exec: () => passed })
  node.run({ readinessProbe: probe('ready', { initialDelaySeconds: 4, periodSeconds: 3 }) })
  const seenMs = await ageWhen('running', () => node.pod?.status?.phase === 'Running')
  const readyMs = await ageWhen('ready', () => node.ready)
  expect(Math.abs(readyMs - (seenMs + 6000))).toBeLessThanOrEqual(10)
  expect(node.container().execsMs.length).toBe(1)
})

test('readiness is lost after failureThreshold attempts in a row', async () => {
  let healthy = true
  node = new OneNode({ exec: () => (healthy ? passed : failed) })
  node.run({ readinessProbe: probe('ready', { periodSeconds: 2 }) })
  await node.until('ready', () => node.ready)
  const before = node.container().execsMs.length
  healthy = false
  await node.until('unready', () => !node.ready)
  expect(node.container().execsMs.length - before).toBeGreaterThanOrEqual(3)
  expect((node.container().execsMs[before + 2] ?? 0) - (node.container().execsMs[before] ?? 0)).toBe(4000)
})

test('readiness waits for the startup probe, and is probed at once when that succeeds', async () => {
  node = new OneNode({
    exec: (container, [name]) => (name === 'started' ? listensAfter(2500)(container) : passed),
  })
  node.run({
    startupProbe: probe('started', { periodSeconds: 2 }),
    readinessProbe: probe('ready', { periodSeconds: 60 }),
  })
  const startedMs = await ageWhen('started', () => node.pod?.status?.containerStatuses?.[0]?.started === true)
  expect(startedMs).toBeGreaterThanOrEqual(2500)
  expect((await ageWhen('ready', () => node.ready)) - startedMs).toBeLessThanOrEqual(10)
})

test('a liveness probe restarts the container with its own grace period, and the pod keeps its address', async () => {
  node = new OneNode({
    onSigterm: 'never exits',
    exec: container => (node.runtime.started.indexOf(container) === 0 ? failed : passed),
  })
  node.run({
    livenessProbe: probe('live', { periodSeconds: 1, failureThreshold: 2, terminationGracePeriodSeconds: 5 }),
  })
  await node.until('restarted', () => node.pod?.status?.containerStatuses?.[0]?.restartCount === 1)
  const [sigterm, sigkill] = node.container(0).signals
  expect((sigkill?.atMs ?? 0) - (sigterm?.atMs ?? 0)).toBe(5000)
  expect(node.pod?.status?.podIP).toBe('127.9.2.1')
  expect(node.pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(137)
  expect(node.pod?.metadata.deletionTimestamp).toBeUndefined()
})

test('a liveness probe whose binary is missing never restarts anything', async () => {
  node = new OneNode({ exec: () => missing })
  node.run({ livenessProbe: probe('cat', { periodSeconds: 1, failureThreshold: 1 }) })
  await node.advance(30_000)
  expect(node.runtime.started.length).toBe(1)
  expect(node.ready).toBe(true)
  expect(node.stepNames()).toContain('probe-errored')
})

test('a readiness probe whose binary is missing never makes the pod ready; each attempt is tried three times', async () => {
  node = new OneNode({ exec: () => missing })
  node.run({ readinessProbe: probe('cat', { periodSeconds: 10 }) })
  await node.until('running', () => node.pod?.status?.phase === 'Running')
  await node.advance(9000)
  expect(node.ready).toBe(false)
  expect(node.container().execsMs.length).toBe(6)
})

test('readiness goes on during termination, liveness does not', async () => {
  const asked: string[] = []
  node = new OneNode({
    onSigterm: 'never exits',
    exec: (_, [name = '']) => {
      asked.push(name)
      return passed
    },
  })
  node.run(
    {
      readinessProbe: probe('ready', { periodSeconds: 1 }),
      livenessProbe: probe('live', { periodSeconds: 1 }),
    },
    { terminationGracePeriodSeconds: 6 },
  )
  await node.until('ready', () => node.ready)
  await node.advance(3000)
  node.api.delete('pods', 'default', 'web')
  await node.advance(100)
  asked.length = 0
  await node.advance(5000)
  expect(new Set(asked)).toEqual(new Set(['ready']))
})
