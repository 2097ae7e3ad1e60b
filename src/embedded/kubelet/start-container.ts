/**
 * Starts one container: back-off, image, environment, process, and then postStart, which holds up the pod's worker until
 * it returns (semantics §4.1, §4.5). What keeps a container from starting stands in its waiting state.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Container, KubeObject, Node, Service } from '../../kube/types.ts'
import { draw } from '../draw.ts'
import { executablePath, type Image } from '../images.ts'
import { commandLine } from './command-line.ts'
import { containerEvent } from './container-event.ts'
import type { ContainerSpec, RunningContainer } from './container-runtime.ts'
import { ConfigError, configKeys, containerEnvironment } from './environment.ts'
import { expand } from './expansion.ts'
import { goDuration } from './go-duration.ts'
import { obtainImage } from './image-pull.ts'
import { mountsOf, rewriteEnvironment, rewritePaths, workingDirectory, type Mount } from './mounts.ts'
import { nodeEnvironment, placeVariables, podPlace } from './pod-place.ts'
import { podPorts } from './pod-ports.ts'
import { stopContainer } from './stop-container.ts'
import type { PodContext } from './pod-context.ts'
import { terminationMessage } from './termination-message.ts'

/** `backing-off` carries how long the restart must still wait. */
export type StartOutcome =
  { kind: 'started' } | { kind: 'backing-off'; remainingMs: number } | { kind: 'failed' }

export async function startContainer(context: PodContext, container: Container): Promise<StartOutcome> {
  const { clock, random, settings } = context.kubelet
  const remainingMs = backOff(context, container)
  if (remainingMs > 0) return { kind: 'backing-off', remainingMs }
  const image = obtainImage(context, container)
  if (image === null) return { kind: 'failed' }
  let spec: ContainerSpec
  try {
    spec = containerSpec(context, container, image)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    context.waiting.set(container.name, { reason: 'CreateContainerConfigError', message: error.message })
    containerEvent(context, container.name, 'Warning', 'Failed', `Error: ${error.message}`)
    return { kind: 'failed' }
  }
  await new Promise<void>(resolve => void clock.after(draw(random, settings.containerStartMs), resolve))
  const running = context.kubelet.runtime.start(spec)
  const files = {
    message: lastWordsFile(context.kubelet.podFolder(context.uid), container, spec.restartCount),
    log: context.kubelet.logFile?.(context.namespace, context.pod.metadata.name, container.name) ?? null,
  }
  context.containers.add(container.name, running, ({ code }) => terminationMessage(container, code, files))
  containerEvent(context, container.name, 'Normal', 'Created', `Created container: ${container.name}`)
  // A process that cannot be started says so on the next turn.
  await new Promise<void>(resolve => void clock.after(0, resolve))
  if (running.exit?.reason === 'StartError') {
    const message = running.exit.message ?? ''
    context.waiting.set(container.name, { reason: 'RunContainerError', message })
    containerEvent(context, container.name, 'Warning', 'Failed', `Error: ${message}`)
    return { kind: 'failed' }
  }
  context.waiting.delete(container.name)
  containerEvent(context, container.name, 'Normal', 'Started', `Started container ${container.name}`)
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
  const delay = goDuration(context.backoff.delayMs(key))
  const why = `back-off ${delay} restarting failed container=${container.name} pod=${pod}`
  context.waiting.set(container.name, { reason: 'CrashLoopBackOff', message: why })
  containerEvent(context, container.name, 'Warning', 'BackOff', message)
  return remainingMs
}

function containerSpec(context: PodContext, container: Container, image: Image): ContainerSpec {
  const { api, images, network, node, podFolder, processEnvironment } = context.kubelet
  const folder = podFolder(context.uid)
  const services = api.list<Service>('services', context.namespace)
  const address = context.containers.address ?? ''
  const place = podPlace(context.pod, address, podPorts(context.pod, services), network)
  const variables = placeVariables(context.pod, container, place)
  const restartCount = context.containers.nextRestartCount(container.name)
  const lastWords = lastWordsFile(folder, container, restartCount)
  const mounts = [
    ...mountsOf(container, context.volumes),
    { mountPath: container.terminationMessagePath ?? '/dev/termination-log', folder: lastWords },
  ]
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
    allocatable: api.get<Node>('nodes', '', node.name)?.status?.allocatable ?? {},
  })
  // The image's own is a folder of this machine; the container's is one inside the image.
  const cwd =
    container.workingDir === undefined && image.workingDir !== null
      ? image.workingDir
      : workingDirectory(container.workingDir, folder, mounts)
  mkdirSync(cwd, { recursive: true, mode: 0o700 })
  const written = commandLine(container, placedCommand(image, variables), environment)
  warnOfMounts(context, container, mountsOf(container, context.volumes), [
    ...written,
    ...Object.values(environment),
  ])
  return {
    podUid: context.uid,
    namespace: context.namespace,
    pod: context.pod.metadata.name,
    name: container.name,
    restartCount,
    argv: written.map(word => rewritePaths(word, mounts)),
    env: {
      TMPDIR: mounts.find(({ mountPath }) => mountPath === '/tmp')?.folder ?? `${folder}/tmp`,
      HOME: folder,
      ...rewriteEnvironment(environment, mounts),
      ...nodeEnvironment(place, images.preload, environment['NODE_OPTIONS']),
      ...processEnvironment,
    },
    cwd,
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

function lastWordsFile(folder: string, { name }: Container, restartCount: number): string {
  return join(folder, `termination-${name}-${restartCount}`)
}

/** What nobody can see from the outside: a mount that the program will look for in vain, and where it is instead. */
function warnOfMounts(
  context: PodContext,
  { name, workingDir = '' }: Container,
  mounts: readonly Mount[],
  texts: readonly string[],
): void {
  for (const { mountPath, folder } of mounts) {
    const isNamed = [...texts, workingDir].some(text => rewritePaths(text, [{ mountPath, folder }]) !== text)
    if (mountPath === '/tmp' || (isNamed && !existsSync(mountPath))) continue
    const why = `Container ${name}: nothing can be mounted at ${mountPath} in this cluster; the volume is at ${folder}, where paths in command, args, env and workingDir lead`
    containerEvent(context, name, 'Warning', 'MountNotVisible', why)
  }
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
  containerEvent(context, container.name, 'Warning', 'FailedPostStartHook', 'PostStartHook failed')
  await stopContainer(context, container, running, { because: 'FailedPostStartHook' })
  return false
}
