/** The pods of the drivers, from their making to the moment when all of them run, or the reason why one never will. */
import { sleep, type Clock } from '../../base/clock.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { Pod } from '../../kube/types.ts'
import { LOAD_LABEL } from '../../model/node-rules.ts'

export interface DriverPod {
  name: string
  node: string | null
}

export interface AwaitPods {
  client: KubeClient
  clock: Clock
  signal: AbortSignal
  namespace: string
  /** Of the Job. */
  name: string
  shares: number
  limitMs: number
}

const POLL_MS = 400

/** A container that waits for one of these waits for ever. */
const hopeless = [
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]

/** In order of their names: the first one gets share 0. */
export async function driverPodsRunning(plan: AwaitPods): Promise<DriverPod[]> {
  const { client, clock, signal, namespace, name, shares, limitMs } = plan
  const query = `labelSelector=${encodeURIComponent(`${LOAD_LABEL}=${name}`)}`
  const deadlineUs = clock.nowUs() + limitMs * 1000
  for (;;) {
    signal.throwIfAborted()
    const path = `/api/v1/namespaces/${namespace}/pods?${query}`
    const { items } = await client.request<{ items: Pod[] }>('GET', path, { signal })
    const problems = items.flatMap(pod => problemOf(pod) ?? [])
    if (problems.length > 0) throw new Error(`the load cannot start: ${problems.join('; ')}`)
    const running = items.filter(isRunning).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    if (running.length >= shares)
      return running.map(({ metadata, spec }) => ({ name: metadata.name, node: spec.nodeName ?? null }))
    if (clock.nowUs() > deadlineUs) {
      const waiting = items.map(whatItWaitsFor).join('; ') || 'no pod was made for it'
      const limit = `${limitMs / 1000} s`
      throw new Error(
        `the load has not started within ${limit}: ${running.length} of ${shares} run (${waiting})`,
      )
    }
    await sleep(clock, POLL_MS, signal)
  }
}

function isRunning({ status }: Pod): boolean {
  return status?.containerStatuses?.some(each => each.state?.running !== undefined) ?? false
}

function problemOf({ metadata, status }: Pod): string | null {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded')
    return `pod ${metadata.name} has ended already (${status.phase})`
  for (const { state } of status?.containerStatuses ?? []) {
    const reason = state?.waiting?.reason ?? ''
    if (hopeless.includes(reason))
      return `pod ${metadata.name}: ${reason}: ${state?.waiting?.message ?? 'no message'}`
  }
  return null
}

function whatItWaitsFor({ metadata, status }: Pod): string {
  const waiting = status?.containerStatuses?.find(each => each.state?.waiting !== undefined)?.state?.waiting
  const unscheduled = status?.conditions?.find(
    each => each.type === 'PodScheduled' && each.status === 'False',
  )
  const why = waiting?.reason ?? unscheduled?.message ?? status?.phase ?? 'not seen'
  return `${metadata.name}: ${why}`
}
