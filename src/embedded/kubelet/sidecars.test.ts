import { afterEach, expect, test } from 'vitest'
import type { Container } from '../../kube/types.ts'
import type { ExecOutcome } from './container-runtime.ts'
import { OneNode } from './testing/one-node.ts'

let node: OneNode
afterEach(() => node.close())

const passed: ExecOutcome = { kind: 'exited', code: 0, output: '' }
const failed: ExecOutcome = { kind: 'exited', code: 1, output: 'not yet' }

function sidecar(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'app', restartPolicy: 'Always', ...more }
}

function names(): string[] {
  return node.runtime.started.map(({ spec }) => spec.name)
}

test('a sidecar holds up what comes after it until its startup probe passes', async () => {
  node = new OneNode({ exec: container => (container.ageMs >= 4500 ? passed : failed) })
  const startupProbe = { exec: { command: ['up'] }, periodSeconds: 1, failureThreshold: 100 }
  node.run({}, { initContainers: [sidecar('proxy', { startupProbe }), { name: 'migrate', image: 'app' }] })
  await node.advance(4000)
  expect(names()).toEqual(['proxy'])
  expect(node.pod?.status).toMatchObject({
    phase: 'Pending',
    initContainerStatuses: [{ started: false }, {}],
  })
  await node.until('init', () => names().length === 2)
  expect(node.container(0).ageMs).toBeGreaterThanOrEqual(4500)
  node.container(1).exitWith(0)
  await node.until('main', () => names().length === 3)
  await node.until('ready', () => node.ready)
})

test('a sidecar that is not ready keeps the pod from being ready, and is restarted whatever the policy says', async () => {
  let healthy = true
  node = new OneNode({ exec: () => (healthy ? passed : failed) })
  const readinessProbe = { exec: { command: ['ok'] }, periodSeconds: 1, failureThreshold: 1 }
  node.run({}, { restartPolicy: 'Never', initContainers: [sidecar('proxy', { readinessProbe })] })
  await node.until('ready', () => node.ready)
  healthy = false
  await node.until('unready', () => !node.ready)
  expect(node.pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(
    'containers with unready status: [proxy]',
  )
  healthy = true
  node.container(0).exitWith(1)
  await node.until('restarted', () => names().length === 3)
  expect(names()).toEqual(['proxy', 'app', 'proxy'])
  await node.until('ready again', () => node.ready)
  expect(node.pod?.status?.phase).toBe('Running')
})

test('when the main containers have done their work, the sidecars are ended and the pod has succeeded', async () => {
  node = new OneNode({ onSigterm: 300 })
  node.run({}, { restartPolicy: 'Never', initContainers: [sidecar('proxy')] })
  await node.until('both', () => names().length === 2)
  await node.advance(2000)
  node.container(1).exitWith(0)
  await node.until('sidecar stopped', () => node.container(0).exit !== null)
  expect(node.pod?.status?.phase).toBe('Running')
  await node.until('over', () => node.pod?.status?.phase === 'Succeeded')
  expect(names()).toEqual(['proxy', 'app'])
})

test('sidecars end in reverse order, after the main container, within one grace period', async () => {
  node = new OneNode({ onSigterm: 'never exits' })
  node.run({}, { terminationGracePeriodSeconds: 6, initContainers: [sidecar('first'), sidecar('second')] })
  await node.until('ready', () => node.ready)
  await node.advance(3000)
  const deletedUs = node.clock.nowUs()
  node.api.delete('pods', 'default', 'web')
  await node.until('gone', () => node.pod === null)
  const at = (name: string): number[] =>
    node.steps
      .filter(({ container, step }) => container === name && step.startsWith('sig'))
      .map(({ atUs }) => Math.round((atUs - deletedUs) / 1000))
  expect(at('app')).toEqual([0, 6000])
  // Their turn comes when the grace period is used up: two seconds each are left, at the same time.
  expect(at('second')).toEqual([6000, 8000])
  expect(at('first')).toEqual([6000, 8000])
})
