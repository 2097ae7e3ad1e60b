/**
 * The environment of a container, in Kubernetes's order, later ones winning: image, Services, envFrom, env. References
 * see what stands before them. What cannot be resolved is an error, and the container waits (CreateContainerConfigError).
 */
import type { Container, EnvVar, KubeObject, Pod, ResourceFieldRef, Service } from '../../kube/types.ts'
import type { Reach } from '../pod-network/pod-network.ts'
import { FieldError, metadataField, resourceField } from './downward.ts'
import { expand } from './expansion.ts'
import { serviceEnvironment } from './service-environment.ts'

export interface ConfigSource {
  /** Decoded keys of a ConfigMap or Secret of the pod's namespace; null when there is none. */
  find(kind: 'ConfigMap' | 'Secret', name: string): Record<string, string> | null
}

export interface EnvironmentInput {
  pod: Pod
  container: Container
  image: Record<string, string>
  /** What the image's variables may refer to. */
  place: Record<string, string>
  reach: (address: string, port: number) => Reach
  services: readonly Service[]
  config: ConfigSource
  podIP: string
  hostIP: string
  /** The node's, which is a container's limit when it names none. */
  allocatable: Record<string, string>
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** What the container's own `env` and `command` may refer to, and what its process gets besides the image's. */
export function containerEnvironment(input: EnvironmentInput): Record<string, string> {
  const { pod, container } = input
  const services =
    pod.spec.enableServiceLinks === false ? {} : serviceEnvironment(input.services, input.reach)
  const env: Record<string, string> = { ...services, ...environmentFrom(container, input.config) }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, input, env)
    if (value !== null) env[variable.name] = value
  }
  return { ...input.image, HOSTNAME: pod.metadata.name, ...env, ...placed(input) }
}

/** An image's variable that says where to listen wins: no manifest can know what is free on this machine. */
function placed({ image, place }: EnvironmentInput): Record<string, string> {
  const expanded = Object.entries(image).map(
    ([name, value]) => [name, value, expand(value, variable => place[variable])] as const,
  )
  return Object.fromEntries(
    expanded.filter(([, value, now]) => now !== value).map(([name, , now]) => [name, now]),
  )
}

function environmentFrom(container: Container, config: ConfigSource): Record<string, string> {
  const env: Record<string, string> = {}
  for (const source of container.envFrom ?? []) {
    const reference = source.configMapRef ?? source.secretRef
    if (reference === undefined) continue
    const keys = keysOf(source.configMapRef ? 'ConfigMap' : 'Secret', reference, config)
    for (const [key, value] of Object.entries(keys ?? {})) env[`${source.prefix ?? ''}${key}`] = value
  }
  return env
}

function valueOf(variable: EnvVar, input: EnvironmentInput, before: Record<string, string>): string | null {
  const source = variable.valueFrom
  if (source === undefined) return expand(variable.value ?? '', name => before[name])
  if (source.fieldRef !== undefined) return fieldValue(source.fieldRef.fieldPath, input)
  if (source.configMapKeyRef !== undefined) return keyValue('ConfigMap', source.configMapKeyRef, input)
  if (source.secretKeyRef !== undefined) return keyValue('Secret', source.secretKeyRef, input)
  if (source.resourceFieldRef !== undefined) return resourceValue(source.resourceFieldRef, input)
  throw new ConfigError(`environment variable ${variable.name}: this source is not modelled`)
}

function fieldValue(path: string, { pod, podIP, hostIP }: EnvironmentInput): string {
  const { spec } = pod
  const fields: Record<string, string | undefined> = {
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
  }
  const value = metadataField(path, pod) ?? fields[path]
  if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${path}`)
  return value
}

function resourceValue(reference: ResourceFieldRef, input: EnvironmentInput): string {
  try {
    return resourceField(reference, input.container, input)
  } catch (error) {
    if (error instanceof FieldError) throw new ConfigError(error.message)
    throw error
  }
}

function keyValue(
  kind: 'ConfigMap' | 'Secret',
  reference: { name: string; key: string; optional?: boolean },
  { config, pod }: EnvironmentInput,
): string | null {
  const value = keysOf(kind, reference, config)?.[reference.key]
  if (value !== undefined) return value
  if (reference.optional === true) return null
  throw new ConfigError(
    `couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace ?? ''}/${reference.name}`,
  )
}

function keysOf(
  kind: 'ConfigMap' | 'Secret',
  reference: { name: string; optional?: boolean },
  config: ConfigSource,
): Record<string, string> | null {
  const keys = config.find(kind, reference.name)
  if (keys === null && reference.optional !== true)
    throw new ConfigError(`${kind.toLowerCase()} "${reference.name}" not found`)
  return keys
}

/** The string values of a ConfigMap's `data`, or of a Secret's after base64. */
export function configKeys(kind: 'ConfigMap' | 'Secret', object: KubeObject): Record<string, string> {
  const { data: written = {} } = object as KubeObject & { data?: Record<string, string> }
  if (kind === 'ConfigMap') return written
  return Object.fromEntries(
    Object.entries(written).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  )
}
