/**
 * The load from inside the cluster: drivers in pods of a Job, each with its share of one schedule, their samples
 * brought together in one set of books and on one clock, ours.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { apiErrorCode } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { Mutations } from '../../kube/mutations.ts'
import type { LoadTarget } from '../../model/load.ts'
import type { LoadOrder } from '../cluster.ts'
import type { LoadObserver, LoadProcess } from '../load-process.ts'
import { driverPodsRunning, type DriverPod } from './driver-pods.ts'
import { DriverGroup } from './driver-group.ts'
import { loadContainer, renderLoadJob, renderLoadPods, type LoadImage, type LoadObjects } from './render.ts'

export interface LoadJobPlan {
  client: KubeClient
  mutations: Mutations
  clock: Clock
  /** Ends the waiting for the pods; a load that runs is ended by `stop` or `kill`. */
  signal: AbortSignal
  namespace: string
  image: LoadImage
  order: LoadOrder
  target: LoadTarget
  /** How many drivers. */
  shares: number
  /** Nodes that are, or may be, disturbed. */
  avoidNodes: readonly string[]
  /** Why those nodes, for the report: `no pod of web runs there`. */
  whyThere?: string
  /** Beside those that `mutations` puts on all that is made. */
  runLabels?: Readonly<Record<string, string>>
  observer: LoadObserver
  /** `pods` where there is no controller for Jobs. */
  as?: 'job' | 'pods'
  env?: LoadObjects['env']
}

const START_LIMIT_MS = 180_000
/** Beyond the load's own limit: for the start, and for the last lines to be read. */
const DEADLINE_SLACK_MS = 360_000

export async function startLoadJob(plan: LoadJobPlan): Promise<LoadProcess> {
  const { client, clock, signal, namespace, order, shares } = plan
  const name = `rollproof-load-${order.runPrefix}-${randomBytes(2).toString('hex')}`
  const objects: LoadObjects = {
    name,
    namespace,
    image: plan.image,
    shares,
    avoidNodes: plan.avoidNodes,
    runLabels: plan.runLabels ?? {},
    activeDeadlineSeconds: Math.ceil((order.maxDurationMs + DEADLINE_SLACK_MS) / 1000),
    ...(plan.env === undefined ? {} : { env: plan.env }),
  }
  const remove = (): Promise<void> => removeObjects(plan, name)
  try {
    await createObjects(plan, objects)
    const limits = { client, clock, signal, namespace, name, shares, limitMs: START_LIMIT_MS }
    const pods = await driverPodsRunning(limits)
    return await startGroup(plan, pods.slice(0, shares), remove)
  } catch (error) {
    await remove().catch(() => undefined)
    throw error
  }
}

async function startGroup(
  plan: LoadJobPlan,
  pods: DriverPod[],
  remove: () => Promise<void>,
): Promise<LoadProcess> {
  const { client, clock, namespace, image, observer, signal } = plan
  const relay = [...image.command, '--relay']
  const drivers = pods.map(({ name: pod, node }) => ({
    place: { namespace, pod, container: loadContainer },
    node,
  }))
  const group = new DriverGroup({ client, clock, relay, drivers, observer })
  const abort = (): void => group.end('the run was broken off')
  signal.addEventListener('abort', abort, { once: true })
  try {
    // The Job is of no more use once its drivers have said all: it goes, whatever became of them.
    void group.ended.then(remove).catch(() => undefined)
    // Pods of the embedded cluster share this machine's network, and its ports.
    const ownPorts = plan.as !== 'pods' && plan.target.kind === 'address'
    await group.begin({ ...plan.order, target: plan.target, ownPorts })
  } finally {
    signal.removeEventListener('abort', abort)
  }
  return {
    live: group.live,
    record: () => ({ from: 'inside', path: pathOf(plan, pods), hides: [], drivers: group.accounts() }),
    ended: group.ended,
    stop: () => group.stop(),
    async kill() {
      group.end('it was killed')
      await remove()
    },
  }
}

function pathOf({ target, whyThere }: LoadJobPlan, pods: readonly DriverPod[]): string {
  const nodes = [...new Set(pods.map(({ node }) => node ?? 'an unknown node'))].join(', ')
  const from = pods.length === 1 ? 'one driver' : `${pods.length} drivers`
  const where = whyThere === undefined ? nodes : `${nodes} (${whyThere})`
  return `${from} on ${where} to ${target.kind === 'address' ? `${target.host}:${target.port}` : target.service}`
}

async function createObjects(plan: LoadJobPlan, objects: LoadObjects): Promise<void> {
  const { mutations, namespace, as = 'job' } = plan
  const made = as === 'job' ? [renderLoadJob(objects)] : renderLoadPods(objects)
  for (const object of made) await mutations.create(object, namespace)
}

/** Twice without harm. */
async function removeObjects(plan: LoadJobPlan, name: string): Promise<void> {
  const { mutations, namespace, shares, as = 'job' } = plan
  const pods = Array.from({ length: shares }, (_, share) => `${name}-${share}`)
  const paths =
    as === 'job'
      ? [`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`]
      : pods.map(pod => `/api/v1/namespaces/${namespace}/pods/${pod}`)
  for (const path of paths) {
    try {
      await mutations.remove(path, { propagationPolicy: 'Background' })
    } catch (error) {
      if (apiErrorCode(error) !== 404) throw error
    }
  }
}
