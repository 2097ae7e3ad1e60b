/**
 * Phases of a rollout and of a pod's end, each from API watches of one client by one clock. A phase that was not seen is
 * left out of the figures, never guessed.
 */
import type { EndpointSlice, Pod, ReplicaSet } from '../../kube/types.ts'
import { systemClock } from '../../base/clock.ts'
import { condition, isReady, newTemplate, service, shell, web, workload } from '../testing/objects.ts'
import { untilComplete } from '../testing/rolling.ts'
import type { Target } from '../testing/target.ts'
import { record, untilOne, type Recorder } from '../testing/watching.ts'

export type Figures = Map<string, number[]>

interface Watches {
  sets: Recorder<ReplicaSet>
  pods: Recorder<Pod>
  slices: Recorder<EndpointSlice>
}

export const phases = [
  'patch → new ReplicaSet',
  'new ReplicaSet → first new pod',
  'pod created → scheduled',
  'scheduled → Running',
  'Running → Ready',
  'Ready → old pod deleted',
  'T0 → slice not ready',
  'T0 → endpoint removed',
  'T0 → pod object gone',
  'rollout in total',
  'lone delete: T0 → slice not ready',
  'lone delete: T0 → endpoint removed',
  'lone delete: T0 → pod object gone',
  'lone delete: T0 → replacement created',
  'crash seen → running again, first',
  'back-off seen → running again, second',
] as const

type Phase = (typeof phases)[number]

export async function measure(
  target: Target,
  namespace: string,
  preStopS: number,
  times: { rollouts: number; deletions: number },
): Promise<Figures> {
  const figures: Figures = new Map()
  const add = (phase: Phase, fromUs: number | undefined, toUs: number | undefined): void => {
    if (fromUs === undefined || toUs === undefined) return
    figures.set(phase, [...(figures.get(phase) ?? []), (toUs - fromUs) / 1000])
  }
  const lifecycle = preStopS === 0 ? {} : { lifecycle: { preStop: { sleep: { seconds: preStopS } } } }
  const readinessProbe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 }
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  await target.create('services', namespace, service())
  await target.create(
    'deployments',
    namespace,
    workload({ replicas: 3, strategy }, { container: web({ readinessProbe, ...lifecycle }) }),
  )
  await untilComplete(target, namespace)
  for (let round = 0; round < times.rollouts; round += 1) await rollOnce(target, namespace, `${round}`, add)
  for (let round = 0; round < times.deletions; round += 1) await deleteOne(target, namespace, add)
  return figures
}

type Add = (phase: Phase, fromUs: number | undefined, toUs: number | undefined) => void

async function watchAll(target: Target, namespace: string): Promise<Watches> {
  const watches = {
    sets: record<ReplicaSet>(target, 'replicasets', namespace),
    pods: record<Pod>(target, 'pods', namespace),
    slices: record<EndpointSlice>(target, 'endpointslices', namespace),
  }
  await watches.pods.until(({ items }) => items.length === 3 && items.every(isReady), 'three ready pods')
  await watches.slices.until(({ items }) => readyNames(items).size === 3, 'three ready endpoints')
  await watches.sets.until(({ items }) => items.length > 0, 'a set')
  return watches
}

function readyNames(slices: EndpointSlice[]): Set<string> {
  const ready = slices
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ conditions }) => conditions?.ready === true)
  return new Set(ready.map(({ targetRef }) => targetRef?.name ?? ''))
}

function stop({ sets, pods, slices }: Watches): void {
  for (const each of [sets, pods, slices]) each.stop()
}

async function rollOnce(target: Target, namespace: string, version: string, add: Add): Promise<void> {
  const watches = await watchAll(target, namespace)
  const { sets, pods, slices } = watches
  const old = pods.items.map(({ metadata }) => metadata.name)
  const before = { sets: sets.seen.length, pods: pods.seen.length }
  const patchedUs = systemClock.nowUs()
  await target.patch('deployments', namespace, 'web', newTemplate(version))
  await untilComplete(target, namespace)
  add('rollout in total', patchedUs, systemClock.nowUs())
  await pods.until(
    ({ items }) => items.every(({ metadata }) => !old.includes(metadata.name)),
    'the old pods gone',
  )
  await slices.until(
    ({ items }) => old.every(name => !endpointNames(items).has(name)),
    'the old endpoints gone',
  )
  stop(watches)
  const setUs = sets.seen.slice(before.sets).find(({ type }) => type === 'ADDED')?.atUs
  const made = pods.seen.slice(before.pods).filter(({ type }) => type === 'ADDED')
  add('patch → new ReplicaSet', patchedUs, setUs)
  add('new ReplicaSet → first new pod', setUs, made[0]?.atUs)
  for (const [index, { object, atUs }] of made.entries()) {
    const first = (look: (pod: Pod) => boolean): number | undefined =>
      pods.seen.find(seen => seen.object.metadata.uid === object.metadata.uid && look(seen.object))?.atUs
    const scheduledUs = first(item => condition(item, 'PodScheduled')?.status === 'True')
    const runningUs = first(item => item.status?.phase === 'Running')
    const readyUs = first(isReady)
    add('pod created → scheduled', atUs, scheduledUs)
    add('scheduled → Running', scheduledUs, runningUs)
    add('Running → Ready', runningUs, readyUs)
    add('Ready → old pod deleted', readyUs, deletions(pods, old)[index])
  }
  for (const name of old) addEnd(watches, name, add, '')
}

function endpointNames(slices: EndpointSlice[]): Set<string> {
  return new Set(slices.flatMap(({ endpoints }) => endpoints).map(({ targetRef }) => targetRef?.name ?? ''))
}

/** When each of the pods was first seen with a deletion time, in order. */
function deletions(pods: Recorder<Pod>, names: string[]): number[] {
  const at = names.map(name => deletionOf(pods, name)).filter(atUs => atUs !== undefined)
  return at.sort((a, b) => a - b)
}

function deletionOf(pods: Recorder<Pod>, name: string): number | undefined {
  return pods.seen.find(
    ({ object }) => object.metadata.name === name && object.metadata.deletionTimestamp !== undefined,
  )?.atUs
}

function addEnd({ pods, slices }: Watches, name: string, add: Add, prefix: '' | 'lone delete: '): void {
  const t0 = deletionOf(pods, name)
  if (t0 === undefined) return
  const later = slices.seen.filter(({ atUs }) => atUs >= t0 - 200_000)
  const unready = later.find(({ object: { endpoints } }) =>
    endpoints.some(
      ({ targetRef, conditions }) => targetRef?.name === name && conditions?.terminating === true,
    ),
  )
  const removed = later.find(
    ({ object, atUs }) => atUs > (unready?.atUs ?? t0) && !endpointNames([object]).has(name),
  )
  const gone = pods.seen.find(({ type, object }) => type === 'DELETED' && object.metadata.name === name)
  add(`${prefix}T0 → slice not ready`, t0, unready?.atUs)
  add(`${prefix}T0 → endpoint removed`, t0, removed?.atUs)
  add(`${prefix}T0 → pod object gone`, t0, gone?.atUs)
}

async function deleteOne(target: Target, namespace: string, add: Add): Promise<void> {
  const watches = await watchAll(target, namespace)
  const { pods, slices } = watches
  const before = pods.seen.length
  const name = pods.items[0]?.metadata.name ?? ''
  await target.remove('pods', namespace, name)
  await pods.until(
    ({ seen }) => seen.some(({ type, object }) => type === 'DELETED' && object.metadata.name === name),
    'gone',
  )
  await slices.until(({ items }) => !endpointNames(items).has(name), 'no endpoint')
  await untilComplete(target, namespace)
  stop(watches)
  addEnd(watches, name, add, 'lone delete: ')
  const replacement = pods.seen.slice(before).find(({ type }) => type === 'ADDED')
  add('lone delete: T0 → replacement created', deletionOf(pods, name), replacement?.atUs)
}

/** A container that runs a while and ends: how long until it runs again, at once and after the first back-off. */
export async function measureCrash(target: Target, namespace: string, figures: Figures): Promise<void> {
  const pods = record<Pod>(target, 'pods', namespace)
  const container = shell('sleep 2; exit 1')
  await target.create('pods', namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'crash' },
    spec: { containers: [container] },
  })
  const restarts = (count: number) => (item: Pod) => {
    const status = item.status?.containerStatuses?.[0]
    return status?.restartCount === count && status.state?.running !== undefined
  }
  await untilOne<Pod, boolean>(target, 'pods', namespace, 'crash', restarts(2), 'restarted twice')
  pods.stop()
  const at = (look: (item: Pod) => boolean): number | undefined =>
    pods.seen.find(({ object }) => object.metadata.name === 'crash' && look(object))?.atUs
  const endedAfter = (count: number) => (item: Pod) => {
    const status = item.status?.containerStatuses?.[0]
    return (
      status?.restartCount === count &&
      status.state?.running === undefined &&
      (status.state?.terminated ?? status.lastState?.terminated) !== undefined
    )
  }
  const put = (phase: Phase, fromUs: number | undefined, toUs: number | undefined): void => {
    if (fromUs !== undefined && toUs !== undefined)
      figures.set(phase, [...(figures.get(phase) ?? []), (toUs - fromUs) / 1000])
  }
  put('crash seen → running again, first', at(endedAfter(0)), at(restarts(1)))
  put('back-off seen → running again, second', at(endedAfter(1)), at(restarts(2)))
}
