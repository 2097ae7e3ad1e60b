/** The rules for a pod's spec that decide whether a rollout starts at all; what cannot matter here is not checked. */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkLabelName, checkPortName } from './names.ts'
import { checkLifecycle, checkProbes } from './probes.ts'
import type { Problems } from './problems.ts'

type Container = Draft<kube.Container>
type PodSpec = Draft<kube.PodSpec>

export function checkPodSpec(
  problems: Problems,
  at: string,
  spec: PodSpec | undefined,
  kubernetesMinor: number,
): void {
  const containers = spec?.containers ?? []
  if (spec === undefined || containers.length === 0) {
    problems.required(`${at}.containers`)
    return
  }
  const names = new Set<string | undefined>()
  const check = (container: Container, field: string, init: boolean): void => {
    checkContainer(problems, field, container, spec)
    if (names.has(container.name)) problems.duplicate(`${field}.name`, container.name)
    names.add(container.name)
    if (init && container.restartPolicy !== 'Always') checkPlainInitContainer(problems, field, container)
    else checkHooks(problems, field, container, spec, kubernetesMinor)
  }
  containers.forEach((container, index) => check(container, `${at}.containers[${index}]`, false))
  spec.initContainers?.forEach((container, index) => check(container, `${at}.initContainers[${index}]`, true))
  problems.oneOf(`${at}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never'])
  checkVolumes(problems, at, spec)
  checkSpread(problems, at, spec)
}

function checkContainer(problems: Problems, at: string, container: Container, spec: PodSpec): void {
  checkLabelName(problems, `${at}.name`, container.name ?? '')
  if ((container.image ?? '') === '') problems.required(`${at}.image`)
  if (container.imagePullPolicy !== undefined)
    problems.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'])
  const portNames = new Set<string>()
  container.ports?.forEach((port, index) => {
    const field = `${at}.ports[${index}]`
    if (port.containerPort === undefined) problems.required(`${field}.containerPort`)
    else problems.between(`${field}.containerPort`, port.containerPort, 1, 65_535)
    problems.oneOf(`${field}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP'])
    if (port.name === undefined) return
    checkPortName(problems, `${field}.name`, port.name)
    if (portNames.has(port.name)) problems.duplicate(`${field}.name`, port.name)
    portNames.add(port.name)
  })
  container.env?.forEach((variable, index) => {
    if ((variable.name ?? '') === '') problems.required(`${at}.env[${index}].name`)
    if ((variable.value ?? '') !== '' && variable.valueFrom !== undefined)
      problems.invalid(`${at}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty')
  })
  const volumes = new Set<string | undefined>(spec.volumes?.map(volume => volume.name))
  container.volumeMounts?.forEach((mount, index) => {
    const field = `${at}.volumeMounts[${index}]`
    if (!volumes.has(mount.name)) problems.notFound(`${field}.name`, mount.name)
    if ((mount.mountPath ?? '') === '') problems.required(`${field}.mountPath`)
  })
}

function checkHooks(
  problems: Problems,
  at: string,
  container: Container,
  spec: PodSpec,
  kubernetesMinor: number,
): void {
  checkProbes(problems, at, container)
  if (container.lifecycle === undefined) return
  const graceSeconds = spec.terminationGracePeriodSeconds ?? 30
  checkLifecycle(problems, `${at}.lifecycle`, container.lifecycle, graceSeconds, kubernetesMinor)
}

/** Only a sidecar (restartPolicy Always) may have probes and hooks among the init containers. */
function checkPlainInitContainer(problems: Problems, at: string, container: Container): void {
  const text = 'may not be set for init containers without restartPolicy=Always'
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    if (container[field] !== undefined) problems.forbidden(`${at}.${field}`, text)
}

function checkVolumes(problems: Problems, at: string, spec: PodSpec): void {
  const names = new Set<string | undefined>()
  spec.volumes?.forEach((volume, index) => {
    const field = `${at}.volumes[${index}].name`
    checkLabelName(problems, field, typeof volume.name === 'string' ? volume.name : '')
    if (names.has(volume.name)) problems.duplicate(field, volume.name)
    names.add(volume.name)
  })
}

function checkSpread(problems: Problems, at: string, spec: PodSpec): void {
  spec.topologySpreadConstraints?.forEach((constraint, index) => {
    const field = `${at}.topologySpreadConstraints[${index}]`
    problems.atLeast(`${field}.maxSkew`, constraint.maxSkew ?? 0, 1)
    if ((constraint.topologyKey ?? '') === '') problems.required(`${field}.topologyKey`, 'can not be empty')
    problems.oneOf(`${field}.whenUnsatisfiable`, constraint.whenUnsatisfiable, [
      'DoNotSchedule',
      'ScheduleAnyway',
    ])
  })
}
