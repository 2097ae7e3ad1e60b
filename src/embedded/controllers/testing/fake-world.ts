/**
 * A small cluster for tests: the fake API, controllers, scheduler, workers, and a stand-in for kubelets that starts and
 * ends pods after fixed delays. Everything moves with the fake clock.
 */
import { seededRandom } from '../../../base/random.ts'
import type { Random } from '../../../base/random.ts'
import type { Condition, Deployment, DeploymentSpec, Node, Pod, ReplicaSet } from '../../../kube/types.ts'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { ApiError } from '../../cluster-api.ts'
import { startScheduler } from '../../scheduler/start.ts'
import { defaultSettings } from '../../settings.ts'
import { withoutCondition } from '../conditions.ts'
import { timestamp } from '../instant.ts'
import { isTerminating } from '../pods.ts'
import { startControllers } from '../start.ts'
import { FakeClusterApi } from './fake-cluster-api.ts'
import { registryApi } from './registry-api.ts'
import type { TestApi } from './test-api.ts'

export interface WorldOptions {
  seed?: number
  workers?: number
  /** From binding to Ready; null: never. May look at the pod. */
  readyMs?: (pod: Pod) => number | null
  /** From the deletionTimestamp to the end of the object. */
  endMs?: () => number
  /** The API server's own registry instead of the stand-in: slower, and with all its checks and defaults. */
  registry?: boolean
}

export class FakeWorld {
  readonly clock = new FakeClock()
  readonly random: Random
  readonly api: TestApi
  readonly #options: Required<WorldOptions>
  #address = 0

  constructor(options: WorldOptions = {}) {
    this.#options = {
      seed: 1,
      workers: 3,
      readyMs: () => 500,
      endMs: () => 1000,
      registry: false,
      ...options,
    }
    this.random = seededRandom(this.#options.seed)
    this.api = this.#options.registry
      ? registryApi(this.clock, this.random)
      : new FakeClusterApi(this.clock, this.random)
    const { api, clock, random } = this
    for (let one = 1; one <= this.#options.workers; one++) this.addNode(worker(`worker-${one}`))
    startControllers({ api, clock, settings: defaultSettings, random })
    startScheduler({ api, clock, settings: defaultSettings, random })
    this.#runKubelets()
    clock.advance(50)
  }

  addNode(node: Node): void {
    const created = this.api.create('nodes', node)
    if (node.status !== undefined) this.api.updateStatus('nodes', { ...created, status: node.status })
  }

  deploy(name: string, spec: Partial<DeploymentSpec> = {}, image = 'v1'): void {
    this.api.create('deployments', deploymentNamed(name, spec, image))
  }

  deployment(name: string): Deployment {
    const found = this.api.get<Deployment>('deployments', 'default', name)
    if (found === null) throw new Error(`no deployment ${name}`)
    return found
  }

  edit(name: string, change: (spec: DeploymentSpec) => void): void {
    const deployment = this.deployment(name)
    change(deployment.spec)
    this.api.update('deployments', deployment)
  }

  roll(name: string, image: string): void {
    this.edit(name, ({ template }) => {
      const [container] = template.spec.containers
      if (container !== undefined) container.image = image
    })
  }

  pods(): Pod[] {
    return this.api.list<Pod>('pods', 'default')
  }

  replicaSets(): ReplicaSet[] {
    return this.api.list<ReplicaSet>('replicasets', 'default')
  }

  setReady(name: string, ready: boolean): void {
    const pod = this.api.get<Pod>('pods', 'default', name)
    if (pod === null || pod.spec.nodeName === undefined) return
    const condition: Condition = {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      lastTransitionTime: timestamp(this.clock.nowUs()),
    }
    const conditions = [...withoutCondition(pod.status?.conditions, 'Ready'), condition]
    const podIP = pod.status?.podIP ?? `10.0.0.${++this.#address}`
    this.api.updateStatus('pods', { ...pod, status: { ...pod.status, phase: 'Running', podIP, conditions } })
  }

  #runKubelets(): void {
    const seen = new Set<string>()
    this.api.watch<Pod>('pods', (type, pod) => {
      if (type === 'DELETED' || pod.spec.nodeName === undefined) return
      const { uid = '', name } = pod.metadata
      if (!seen.has(uid)) {
        seen.add(uid)
        const readyMs = this.#options.readyMs(pod)
        if (readyMs !== null) this.clock.after(readyMs, () => this.#becomeReady(name, uid))
      }
      if (!isTerminating(pod) || seen.has(`end ${uid}`)) return
      seen.add(`end ${uid}`)
      this.clock.after(this.#options.endMs(), () => this.#end(name, uid))
    })
  }

  #becomeReady(name: string, uid: string): void {
    if (this.api.get('pods', 'default', name)?.metadata.uid === uid) this.setReady(name, true)
  }

  #end(name: string, uid: string): void {
    try {
      this.api.delete('pods', 'default', name, { gracePeriodSeconds: 0, uid })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
  }
}

export function deploymentNamed(name: string, spec: Partial<DeploymentSpec>, image: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
      },
      ...spec,
    },
  }
}

export function worker(name: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    },
  }
}
