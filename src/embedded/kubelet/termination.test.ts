import { afterEach, expect, test } from 'vitest'
import { OneNode } from './testing/one-node.ts'

let node: OneNode
afterEach(() => node.close())

/** Runs a pod until it is ready and its worker is at rest, then deletes it; times count from the deletion. */
async function deleteWhenReady(
  gracePeriodSeconds?: number,
): Promise<{ signalMs: (index: number) => number }> {
  await node.until('ready', () => node.ready)
  await node.advance(3000)
  const deletedAtMs = node.container().ageMs
  node.api.delete('pods', 'default', 'web', gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds })
  return { signalMs: index => (node.container().signals[index]?.atMs ?? NaN) - deletedAtMs }
}

test('without a hook SIGTERM comes at once, the address goes silent after the sandbox, the object goes last', async () => {
  node = new OneNode({ onSigterm: 100 })
  node.run({})
  const { signalMs } = await deleteWhenReady()
  await node.advance(100)
  expect(signalMs(0)).toBe(0)
  expect(node.silenced).toEqual([])
  await node.advance(200)
  expect(node.silenced).toEqual(['127.9.2.1'])
  expect(node.pod?.status?.phase).toBe('Succeeded')
  expect(node.ready).toBe(false)
  expect(await node.until('object gone', () => node.pod === null)).toBe(500)
  expect(node.stepNames()).toEqual(['process-started', 'sigterm-sent', 'exited', 'sandbox-gone'])
})

test('a process that lives on is killed at the end of its grace period', async () => {
  node = new OneNode({ onSigterm: 'never exits' })
  node.run({}, { terminationGracePeriodSeconds: 10 })
  const { signalMs } = await deleteWhenReady()
  await node.until('object gone', () => node.pod === null)
  expect([signalMs(0), signalMs(1)]).toEqual([0, 10_000])
  expect(node.steps.at(-2)).toMatchObject({ step: 'exited', detail: 'exit code 137, by signal 9' })
})

test('PID 1 without a handler serves on until SIGKILL', async () => {
  node = new OneNode({ onSigterm: 'ignored' })
  node.run({}, { terminationGracePeriodSeconds: 10 })
  const { signalMs } = await deleteWhenReady()
  await node.until('object gone', () => node.pod === null)
  expect(signalMs(0)).toBe(10_000)
  expect(node.stepNames()).toContain('sigterm-ignored')
})

test('a preStop sleep delays SIGTERM and is deducted from the grace period', async () => {
  node = new OneNode({ onSigterm: 'never exits' })
  node.run({ lifecycle: { preStop: { sleep: { seconds: 5 } } } }, { terminationGracePeriodSeconds: 6 })
  const { signalMs } = await deleteWhenReady()
  await node.advance(4900)
  expect(node.ready).toBe(true)
  await node.until('object gone', () => node.pod === null)
  expect([signalMs(0), signalMs(1)]).toEqual([5000, 7000])
})

test('a preStop command that is missing in the image delays nothing', async () => {
  node = new OneNode({
    onSigterm: 50,
    exec: () => ({ kind: 'could-not-start', message: 'no sleep in $PATH' }),
  })
  node.run({ lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } } })
  const { signalMs } = await deleteWhenReady()
  await node.until('object gone', () => node.pod === null)
  expect(signalMs(0)).toBe(0)
  expect(node.steps.find(({ step }) => step === 'pre-stop-failed')?.detail).toBe('no sleep in $PATH')
})

test('a preStop command that hangs is left behind at the end of the grace period, with two seconds more', async () => {
  node = new OneNode({ onSigterm: 'never exits', exec: () => new Promise(() => undefined) })
  node.run({ lifecycle: { preStop: { exec: { command: ['hang'] } } } }, { terminationGracePeriodSeconds: 4 })
  const { signalMs } = await deleteWhenReady()
  await node.until('object gone', () => node.pod === null)
  expect([signalMs(0), signalMs(1)]).toEqual([4000, 6000])
})

test('a second delete shortens the grace period', async () => {
  node = new OneNode({ onSigterm: 'never exits' })
  node.run({}, { terminationGracePeriodSeconds: 30 })
  const { signalMs } = await deleteWhenReady()
  await node.advance(5000)
  node.api.delete('pods', 'default', 'web', { gracePeriodSeconds: 3 })
  await node.until('object gone', () => node.pod === null)
  expect(signalMs(1)).toBe(8000)
})

test('a forced delete takes the object at once and leaves the process two seconds', async () => {
  node = new OneNode({ onSigterm: 'never exits' })
  node.run({}, { terminationGracePeriodSeconds: 30 })
  const { signalMs } = await deleteWhenReady(0)
  expect(node.pod).toBeNull()
  await node.advance(3000)
  expect([signalMs(0), signalMs(1)]).toEqual([0, 2000])
})

test('a pod that was synced within the last second waits for the next relist', async () => {
  node = new OneNode({ onSigterm: 0 })
  node.run({})
  await node.until('ready', () => node.ready)
  const readyAtMs = node.container().ageMs
  node.api.delete('pods', 'default', 'web')
  await node.until('signal', () => node.container().signals.length > 0)
  expect((node.container().signals[0]?.atMs ?? 0) - readyAtMs).toBeCloseTo(1000, -1)
})

test('a sidecar gets SIGTERM only after the main container has exited', async () => {
  node = new OneNode({ onSigterm: 400 })
  node.run({}, { initContainers: [{ name: 'proxy', image: 'app', restartPolicy: 'Always' }] })
  await node.until('both run', () => node.runtime.started.length === 2)
  await node.advance(3000)
  node.api.delete('pods', 'default', 'web')
  await node.until('object gone', () => node.pod === null)
  const sent = node.steps.filter(({ step }) => step === 'sigterm-sent')
  expect(sent.map(({ container }) => container)).toEqual(['app', 'proxy'])
  expect((sent[1]?.atUs ?? 0) - (sent[0]?.atUs ?? 0)).toBe(400_000)
})

test('a postStart hook that runs holds up the deletion of its pod', async () => {
  let endHook = (): void => undefined
  const hook = new Promise<void>(resolve => (endHook = resolve))
  node = new OneNode({ onSigterm: 0, exec: () => hook.then(() => ({ kind: 'exited', code: 0, output: '' })) })
  node.run({ lifecycle: { postStart: { exec: { command: ['warm-up'] } } } })
  await node.until('started', () => node.runtime.started.length === 1)
  node.api.delete('pods', 'default', 'web')
  await node.advance(20_000)
  expect(node.container().signals).toEqual([])
  endHook()
  await node.until('gone', () => node.pod === null)
  expect(node.container().signals.map(({ signal }) => signal)).toEqual(['SIGTERM'])
})
