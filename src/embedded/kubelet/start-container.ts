/**
 * Starts one container: back-off, image, environment, process, and then postStart, which holds up the pod's worker until
 * it returns (semantics §4.1, §4.5). What keeps a container from starting stands in its waiting state.
 */
import type { Container, KubeObject, Service } from '../../kube/types.ts'
import { draw } from '../draw.ts'
import { executablePath, type Image } from '../images.ts'
import { commandLine } from './command-line.ts'
import type { ContainerSpec, RunningContainer } from './container-runtime.ts'
import { ConfigError, configKeys, containerEnvironment } from './environment.ts'
import { expand } from './expansion.ts'
import { nodeEnvironment, placeVariables, podPlace } from './pod-place.ts'
import { podPorts } from './pod-ports.ts'
import { stopContainer } from './stop-container.ts'
import type { PodContext } from './pod-context.ts'

/** `backing-off` carries how long the restart must still wait. */
export type StartOutcome =
  { kind: 'started' } | { kind: 'backing-off'; remainingMs: number } | { kind: 'failed' }

export async function startContainer(context: PodContext, container: Container): Promise<StartOutcome> {
  const { clock, random, settings } = context.kubelet
  const remainingMs = backOff(context, container)
  if (remainingMs > 0) return { kind: 'backing-off', remainingMs }
  const image = context.kubelet.images.find(container.image)
  if (image === null) return imageMissing(context, container)
  let spec: ContainerSpec
  try {
    spec = containerSpec(context, container, image)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    context.waiting.set(container.name, { reason: 'CreateContainerConfigError', message: error.message })
    context.event('Warning', 'Failed', `Error: ${error.message}`)
    return { kind: 'failed' }
  }
  context.event('Normal', 'Pulled', `Container image "${container.image}" already present on machine`)
  await new Promise<void>(resolve => void clock.after(draw(random, settings.containerStartMs), resolve))
  const running = context.kubelet.runtime.start(spec)
  context.containers.add(container.name, running)
  context.event('Normal', 'Created', `Created container: ${container.name}`)
  // A process that cannot be started says so on the next turn.
  await new Promise<void>(resolve => void clock.after(0, resolve))
  if (running.exit?.reason === 'StartError') {
    const message = running.exit.message ?? ''
    context.waiting.set(container.name, { reason: 'RunContainerError', message })
    context.event('Warning', 'Failed', `Error: ${message}`)
    return { kind: 'failed' }
  }
  context.waiting.delete(container.name)
  context.event('Normal', 'Started', `Started container ${container.name}`)
  return (await postStart(context, container, running)) ? { kind: 'started' } : { kind: 'failed' }
}

/** Counts from the exit of the last instance that is seen to have ended. */
function backOff(context: PodContext, container: Container): number {
  const exited = context.containers.seen(container.name).find(view => view.exit !== null)
  if (exited === undefined || exited.exit === null) return 0
  const key = `${context.uid} ${container.name}`
  const remainingMs = context.backoff.remainingMs(key, exited.exit.atUs)
  if (remainingMs === 0) {
    context.backoff.advance(key, exited.exit.atUs)
    return 0
  }
  const pod = `${context.pod.metadata.name}_${context.namespace}(${context.uid})`
  const message = `Back-off restarting failed container ${container.name} in pod ${pod}`
  context.waiting.set(container.name, { reason: 'CrashLoopBackOff', message })
  context.event('Warning', 'BackOff', message)
  return remainingMs
}

/** There is no registry to pull from: an image that the cluster was not given cannot be had. */
function imageMissing(context: PodContext, container: Container): StartOutcome {
  const { name, image } = container
  const again = context.waiting.get(name)?.reason === 'ErrImagePull'
  const message = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": not found`
  if (again) {
    context.waiting.set(name, { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` })
    context.event('Normal', 'BackOff', `Back-off pulling image "${image}"`)
  } else {
    context.waiting.set(name, { reason: 'ErrImagePull', message })
    context.event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
    context.event('Warning', 'Failed', 'Error: ErrImagePull')
  }
  return { kind: 'failed' }
}

function containerSpec(context: PodContext, container: Container, image: Image): ContainerSpec {
  const { api, images, network, node, podFolder, processEnvironment } = context.kubelet
  const folder = podFolder(context.uid)
  const services = api.list<Service>('services', context.namespace)
  const address = context.containers.address ?? ''
  const place = podPlace(context.pod, address, podPorts(context.pod, services), network)
  const variables = placeVariables(context.pod, container, place)
  const environment = containerEnvironment({
    pod: context.pod,
    container,
    image: image.env,
    place: variables,
    reach: (host, port) => network.reach(host, port),
    services,
    config: {
      find(kind, name) {
        const resource = kind === 'ConfigMap' ? 'configmaps' : 'secrets'
        const object = api.get<KubeObject>(resource, context.namespace, name)
        return object === null ? null : configKeys(kind, object)
      },
    },
    podIP: address,
    hostIP: node.address,
  })
  return {
    podUid: context.uid,
    namespace: context.namespace,
    pod: context.pod.metadata.name,
    name: container.name,
    restartCount: context.containers.nextRestartCount(container.name),
    argv: commandLine(container, placedCommand(image, variables), environment),
    env: {
      TMPDIR: `${folder}/tmp`,
      HOME: folder,
      ...environment,
      ...nodeEnvironment(place, images.preload, environment['NODE_OPTIONS']),
      ...processEnvironment,
    },
    cwd: image.workingDir ?? folder,
    executable: command => executablePath(image, command),
  }
}

function placedCommand(
  { entrypoint, args }: Image,
  variables: Record<string, string>,
): { entrypoint: string[]; args: string[] } {
  const placed = (word: string): string => expand(word, name => variables[name])
  return { entrypoint: entrypoint.map(placed), args: args.map(placed) }
}

/** A postStart that fails ends the container, which is then restarted as its policy says. */
async function postStart(
  context: PodContext,
  container: Container,
  running: RunningContainer,
): Promise<boolean> {
  context.record(container.name, 'process-started')
  running.onExit(({ code, signal }) =>
    context.record(
      container.name,
      'exited',
      `exit code ${code}${signal === null ? '' : `, by signal ${signal}`}`,
    ),
  )
  const handler = container.lifecycle?.postStart
  if (handler === undefined) return true
  const outcome = await context.hook(container, running, handler)
  if (outcome.kind === 'ended') return true
  context.event('Warning', 'FailedPostStartHook', 'PostStartHook failed')
  await stopContainer(context, container, running, { because: 'FailedPostStartHook' })
  return false
}
