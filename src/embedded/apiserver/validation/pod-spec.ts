/** The rules for a pod's spec that decide whether a rollout starts at all; what cannot matter here is not checked. */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkEnvironment, checkEnvironmentSources } from './environment.ts'
import { checkLabelName, checkPortName, subdomainProblems } from './names.ts'
import { checkPlacement } from './placement.ts'
import { checkLifecycle, checkProbes } from './probes.ts'
import type { Problems } from './problems.ts'
import { checkResources } from './resources.ts'
import { checkMounts, checkVolumes } from './volumes.ts'

type Container = Draft<kube.Container>
type PodSpec = Draft<kube.PodSpec>

export function checkPodSpec(
  problems: Problems,
  at: string,
  spec: PodSpec | undefined,
  kubernetesMinor: number,
): void {
  const containers = spec?.containers ?? []
  if (spec === undefined || containers.length === 0) problems.required(`${at}.containers`)
  if (spec === undefined) return
  checkVolumes(problems, at, spec)
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
  checkPodFields(problems, at, spec)
  checkPlacement(problems, at, spec)
}

/** Fields that this program does not read, but whose mistakes a real server finds. */
interface MoreFields {
  dnsPolicy?: unknown
  activeDeadlineSeconds?: unknown
}

function checkPodFields(problems: Problems, at: string, spec: PodSpec): void {
  problems.oneOf(`${at}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never'])
  const { dnsPolicy, activeDeadlineSeconds } = spec as MoreFields
  if (typeof dnsPolicy === 'string')
    problems.oneOf(`${at}.dnsPolicy`, dnsPolicy, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ])
  const { serviceAccountName = '' } = spec
  if (serviceAccountName !== '')
    for (const problem of subdomainProblems(serviceAccountName))
      problems.invalid(`${at}.serviceAccountName`, serviceAccountName, problem)
  if (typeof activeDeadlineSeconds === 'number')
    problems.between(`${at}.activeDeadlineSeconds`, activeDeadlineSeconds, 1, 2_147_483_647)
}

function checkContainer(problems: Problems, at: string, container: Container, spec: PodSpec): void {
  checkLabelName(problems, `${at}.name`, container.name ?? '')
  if ((container.image ?? '') === '') problems.required(`${at}.image`)
  if (container.imagePullPolicy !== undefined)
    problems.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'])
  const { terminationMessagePolicy } = container as { terminationMessagePolicy?: unknown }
  if (typeof terminationMessagePolicy === 'string')
    problems.oneOf(`${at}.terminationMessagePolicy`, terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ])
  checkContainerPorts(problems, at, container)
  checkResources(problems, `${at}.resources`, container.resources)
  checkEnvironment(problems, at, container.env)
  checkEnvironmentSources(problems, at, container)
  checkMounts(problems, at, container, spec)
}

function checkContainerPorts(problems: Problems, at: string, { ports }: Container): void {
  const names = new Set<string>()
  ports?.forEach(({ name = '', containerPort = 0, hostPort = 0, protocol }, index) => {
    const field = `${at}.ports[${index}]`
    if (name !== '') {
      const before = problems.list.length
      checkPortName(problems, `${field}.name`, name)
      if (problems.list.length === before && names.has(name)) problems.duplicate(`${field}.name`, name)
      names.add(name)
    }
    if (containerPort === 0) problems.required(`${field}.containerPort`)
    else problems.between(`${field}.containerPort`, containerPort, 1, 65_535)
    if (hostPort !== 0) problems.between(`${field}.hostPort`, hostPort, 1, 65_535)
    problems.oneOf(`${field}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
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
