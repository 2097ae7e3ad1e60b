/** Defaults of a pod's spec, for pods and for templates alike (semantics §4.2; core/v1 defaults). */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { isObject } from '../../store/json.ts'

type Container = Draft<kube.Container>
type HttpGetAction = Draft<kube.HttpGetAction>
type PodSpec = Draft<kube.PodSpec>
type Template = Draft<kube.PodTemplateSpec>
type Probe = Draft<kube.Probe>
type Toleration = Draft<kube.Toleration>

/** Fields that clients expect to find although nothing here reads them. */
interface SpecExtras {
  dnsPolicy?: string
  securityContext?: object
  serviceAccount?: string
  priority?: number
  preemptionPolicy?: string
}
interface ContainerExtras {
  terminationMessagePath?: string
  terminationMessagePolicy?: string
}

export function setTemplateDefaults(template: Template | undefined): void {
  if (template === undefined) return
  template.metadata ??= {}
  if (template.spec !== undefined) setPodSpecDefaults(template.spec)
}

export function setPodSpecDefaults(spec: PodSpec): void {
  const extras: SpecExtras = spec as SpecExtras
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  if (spec.terminationGracePeriodSeconds < 0) spec.terminationGracePeriodSeconds = 1
  extras.dnsPolicy ??= 'ClusterFirst'
  extras.securityContext ??= {}
  spec.schedulerName ??= 'default-scheduler'
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    setContainerDefaults(container)
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume)
}

/** A limit without a request is one; a template is left as it was written. */
export function setRequestDefaults(spec: PodSpec): void {
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    if (resources?.limits !== undefined) resources.requests = { ...resources.limits, ...resources.requests }
}

/** What admission adds to a pod, but not to a template: the service account, priority, and the not-ready tolerations. */
export function admitPod(spec: PodSpec): void {
  const extras: SpecExtras = spec as SpecExtras
  spec.enableServiceLinks ??= true
  spec.serviceAccountName ??= 'default'
  extras.serviceAccount ??= spec.serviceAccountName
  extras.priority ??= 0
  extras.preemptionPolicy ??= 'PreemptLowerPriority'
  const tolerations = spec.tolerations ?? []
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])
    if (!tolerations.some(toleration => toleratesNoExecute(toleration, key)))
      tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })
  spec.tolerations = tolerations
}

function toleratesNoExecute(toleration: Toleration, key: string): boolean {
  const keyFits = toleration.key === key || (toleration.key ?? '') === ''
  return keyFits && (toleration.effect === 'NoExecute' || (toleration.effect ?? '') === '')
}

function setContainerDefaults(container: Container): void {
  const extras: ContainerExtras = container as ContainerExtras
  extras.terminationMessagePath ??= '/dev/termination-log'
  extras.terminationMessagePolicy ??= 'File'
  if (typeof container.image === 'string')
    container.imagePullPolicy ??= hasFixedTag(container.image) ? 'IfNotPresent' : 'Always'
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const variable of container.env ?? []) setEnvDefaults(variable)
  container.resources ??= {}
  for (const probe of [container.readinessProbe, container.livenessProbe, container.startupProbe])
    if (probe !== undefined) setProbeDefaults(probe)
  for (const handler of [container.lifecycle?.preStop, container.lifecycle?.postStart])
    if (handler?.httpGet !== undefined) setHttpGetDefaults(handler.httpGet)
}

function setEnvDefaults(variable: NonNullable<Container['env']>[number]): void {
  const fieldRef = variable.valueFrom?.fieldRef as { apiVersion?: string } | undefined
  if (fieldRef !== undefined) fieldRef.apiVersion ??= 'v1'
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.httpGet !== undefined) setHttpGetDefaults(probe.httpGet)
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
}

function setHttpGetDefaults(action: HttpGetAction): void {
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

function setVolumeDefaults(volume: Record<string, unknown>): void {
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {}
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const projection = volume[source]
    if (isObject(projection)) projection['defaultMode'] ??= 420
  }
}

/** A tag other than `latest`, or a digest. */
function hasFixedTag(image: string): boolean {
  if (image.includes('@')) return true
  const tag = /:([^:/]+)$/.exec(image)?.[1]
  return tag !== undefined && tag !== 'latest'
}
