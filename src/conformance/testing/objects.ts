/** The suite's manifests: pods that idle, end or serve as told, and the workloads around them. */
import type { Container, Deployment, LabelSelector, Pod, PodSpec } from '../../kube/types.ts'
import { image } from './image.ts'

/** Runs until SIGTERM, which it obeys at once. */
export const idle = "trap 'exit 0' TERM; sleep 3600 & wait"

type Loose<T> = Partial<T> & Record<string, unknown>

/** A container that runs a shell script. */
export function shell(script = idle, extras: Loose<Container> = {}): Container {
  return { name: 'c', image, command: ['sh', '-c', script], ...extras }
}

/** A container that serves HTTP on 8080, and obeys SIGTERM after `grace`. */
export function web(extras: Loose<Container> = {}, grace = '0s'): Container {
  return {
    name: 'c',
    image,
    command: ['web', '-addr', '$(POD_IP):8080', '-grace', grace],
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    ports: [{ containerPort: 8080 }],
    ...extras,
  }
}

export function pod(
  name: string,
  container: Container,
  extras: Loose<PodSpec> = {},
  labels = { app: 'web' },
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [container], ...extras },
  }
}

export interface WorkloadOptions {
  kind?: 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet'
  name?: string
  container?: Container
  podSpec?: Loose<PodSpec>
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** `spec` is added as it is: replicas, strategy, … */
export function workload(spec: Record<string, unknown> = {}, options: WorkloadOptions = {}): object {
  const { kind = 'Deployment', name = 'web', container = shell(), podSpec = {}, labels = {} } = options
  const selector: LabelSelector = { matchLabels: { app: 'web' } }
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, ...(options.annotations === undefined ? {} : { annotations: options.annotations }) },
    spec: {
      selector,
      template: {
        metadata: { labels: { app: 'web', ...labels } },
        spec: { containers: [container], ...podSpec },
      },
      ...spec,
    },
  }
}

/** Changes the pod template, and so begins a rollout. */
export function newTemplate(value: string): object {
  return { spec: { template: { metadata: { annotations: { 'conformance/version': value } } } } }
}

export function service(extras: Record<string, unknown> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...extras },
  }
}

export function budget(spec: Record<string, unknown>, name = 'web'): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  }
}

/** A gate that the tests open by hand, so that they decide when a pod becomes ready. */
export const gate = 'conformance/open'
export const gated = { readinessGates: [{ conditionType: gate }] }

export function condition(
  object: { status?: { conditions?: { type: string; status: string }[] } },
  type: string,
) {
  return object.status?.conditions?.find(item => item.type === type)
}

export function isReady(item: Pod): boolean {
  return condition(item, 'Ready')?.status === 'True'
}

export function isComplete({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted
  )
}
